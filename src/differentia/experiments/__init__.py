"""The report's tables and figures as declarations."""
