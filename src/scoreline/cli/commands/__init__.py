"""The commands, a module for each thing they are about; each module's ``add_to`` adds its commands to the app."""
