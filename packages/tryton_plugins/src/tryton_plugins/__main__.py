"""`python -m tryton_plugins` is `tryton-plugins`."""

import sys

from tryton_plugins.cli import main

if __name__ == "__main__":
    sys.exit(main())
