"""The report's tables and figures as declarations, the runner that computes them, and their page."""
