"""`unitward`, `python -m unitward`."""

from unitward.cli import main

if __name__ == "__main__":
    main()
