"""Services of a machine: what a configuration says of one, the files that make it one, and their place."""
