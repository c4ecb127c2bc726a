"""Where noise comes from, standardised."""
