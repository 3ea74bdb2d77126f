"""The Kubernetes API: its verbs, and the connection to it."""
