"""Extractors: what sees a picture as features and as the likelihood of classes."""
