"""Run the command line as ``python -m cartwheel.cli``."""

from cartwheel.cli import main

main()
