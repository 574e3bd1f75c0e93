"""Scores against factors that the data come with."""
