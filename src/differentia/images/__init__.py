"""Transformations of pictures that leave their class alone."""
