import sys

from pexcz.cli import main

if __name__ == "__main__":
    sys.exit(main())
