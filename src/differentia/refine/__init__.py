"""Refinement: what a trained model's codes leave of the samples, as further dimensions of w."""
