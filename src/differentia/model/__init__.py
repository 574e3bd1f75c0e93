"""Encoders, decoders, priors, likelihoods and the models made of them, without a word about training."""
