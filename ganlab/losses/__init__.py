"""What each player minimises, from logits."""
