"""What each dimension of a code does, and its name."""
