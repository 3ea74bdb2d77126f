"""Database archives: their formats, tar's members, and what a member may do."""
