"""Methods, one file each: a model, the terms of its objective, and one forward pass."""
