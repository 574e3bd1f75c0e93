"""What the two steps minimise: the report's equations, one short file a method."""
