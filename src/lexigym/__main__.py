"""The command `lexigym`, also as `python -m lexigym`."""

import sys

from .leaderboard.command_line import main

if __name__ == "__main__":
    sys.exit(main())
