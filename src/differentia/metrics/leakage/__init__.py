"""What reads the class from a code, and how much of it."""
