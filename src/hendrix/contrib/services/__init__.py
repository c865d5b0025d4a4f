"""Services that the first Hendrix had under these names."""
