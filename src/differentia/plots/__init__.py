"""Everything that is drawn: figures, curves, small charts and the pictures of the page."""
