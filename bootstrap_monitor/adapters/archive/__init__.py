"""Unpacking a database archive onto the volume, and copying a restored database."""
