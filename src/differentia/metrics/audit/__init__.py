"""The audit of a trained model: probes, swaps, collapse, and what they come to."""
