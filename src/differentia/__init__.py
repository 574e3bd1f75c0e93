"""Class-generic and class-conditional disentangled representations."""
