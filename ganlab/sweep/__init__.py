"""Many runs: their words, their directory, who starts them, and what became of each."""
