"""`python -m shopace.service.cli`, for where the script is not on the path."""

from shopace.service.cli import main

if __name__ == "__main__":
    main()
