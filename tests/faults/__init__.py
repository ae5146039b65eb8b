"""What a user sees when an input, the machine or a job fails, through the real command line."""
