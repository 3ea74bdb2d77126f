"""From samples of a node to a verdict: sample -> history -> assessment."""
