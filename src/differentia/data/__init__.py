"""Labelled arrays in memory: the named data sets, a person's own, and what is wrong with them."""
