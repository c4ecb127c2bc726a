"""What keeps the discriminator tame."""
