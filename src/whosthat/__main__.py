"""``python -m whosthat`` is the same as ``whosthat``."""

import sys

from whosthat.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
