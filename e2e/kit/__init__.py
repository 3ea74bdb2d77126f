"""What scenarios are written with: one world a scenario, manifests, and waits on the cluster's own records."""
