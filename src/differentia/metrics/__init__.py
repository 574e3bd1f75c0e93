"""What a trained model is worth: what its codes give away, carry, mean and generate."""
