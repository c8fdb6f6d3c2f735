"""`python -m demo_model`; see command.py."""

import sys

if __name__ == "__main__":
    # Imported only here: the processes that draw import this file too, and should start quickly.
    from demo_model.command import main

    sys.exit(main())
