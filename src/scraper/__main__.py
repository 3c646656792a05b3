"""`python -m scraper`: the same commands."""

from scraper.cli import main

if __name__ == "__main__":
    main()
