"""Games: each yields the turns of its players, one round at a time."""
