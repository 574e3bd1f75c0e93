"""The parts of an objective: the report's equations and ours, one short file each."""
