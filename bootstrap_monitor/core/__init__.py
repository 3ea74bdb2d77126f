"""Everything that can be decided without touching the world."""
