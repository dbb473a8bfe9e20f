"""Run the command line as ``python -m cartwheel``."""

from cartwheel.cli import main

main()
