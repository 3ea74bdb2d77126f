"""The data volume: the details file, clearing the node's data, and how much there is."""
