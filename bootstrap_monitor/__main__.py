"""``python -m bootstrap_monitor``."""

from bootstrap_monitor.cli import main

if __name__ == "__main__":
    main()
