"""A container registry of a few lines, and images that are made without a builder."""
