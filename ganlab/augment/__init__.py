"""Augmentations: random changes of all that the discriminator sees, real or fake."""
