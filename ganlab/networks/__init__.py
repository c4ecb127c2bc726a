"""Networks: `generator(latent, shape)` and `discriminator(shape, outputs)` of every architecture."""
