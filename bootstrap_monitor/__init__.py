"""Continuous bootstrap testing of avalanchego nodes on Kubernetes."""

__version__ = "0.1.0"
