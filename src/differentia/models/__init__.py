"""Encoders, decoders and the two-code model, without a word about training."""
