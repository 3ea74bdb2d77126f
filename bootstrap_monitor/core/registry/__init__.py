"""What container registries are asked and what their answers mean, by the OCI distribution specification."""
