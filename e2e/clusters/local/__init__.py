"""A small Kubernetes in one process: no root, no containers, up in a second. For a first look, and for tests."""
