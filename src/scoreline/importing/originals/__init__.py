"""The originals there are, one module a format. They run in a process of their own (`scoreline.importing.child`)."""
