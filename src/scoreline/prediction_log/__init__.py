"""What was answered: records that outlive the process that answered, and tables of them for whoever asks later."""
