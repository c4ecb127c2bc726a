"""Networks: each a `generator(latent, shape)` and a `discriminator(shape, outputs)`.

A discriminator is its `head` after its `features`: (N, F) of samples, then (N, outputs) of these.
A generator that draws nothing but pictures says so by `pictures_only`, one whose noise must be as
wide as its samples by `as_wide`.
"""
