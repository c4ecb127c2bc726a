"""Networks: each a `generator(latent, shape)` and a `discriminator(shape, outputs)`."""
