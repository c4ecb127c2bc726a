"""What is real: every dataset is prepared once, and read back in batches of named columns."""
