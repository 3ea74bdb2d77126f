"""One outside system a module. They know neither each other nor the commands."""
