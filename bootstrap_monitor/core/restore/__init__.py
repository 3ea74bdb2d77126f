"""Restoring a database from an archive: what is asked for, and how far it is."""
