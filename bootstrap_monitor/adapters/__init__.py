"""Effects; one outside system a module."""
