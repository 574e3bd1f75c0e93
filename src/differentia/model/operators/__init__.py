"""What z does to every sample, in the same way in every class: groups of changes that can be undone."""
