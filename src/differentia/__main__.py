"""``python -m differentia`` is the command line."""

from differentia.cli import main

main()
