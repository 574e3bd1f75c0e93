"""The report's tables and figures declared as experiments, the runner that computes them, and their page."""
