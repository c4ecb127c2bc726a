"""Observers: they look at a round that was played and never touch the game."""
