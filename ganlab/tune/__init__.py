"""A search for the best settings: its words, its workers, and what was found."""
