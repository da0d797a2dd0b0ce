"""`python -m plainfilm`."""

from plainfilm.cli import main

main()
