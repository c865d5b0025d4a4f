"""A Channels project: consumers, sessions, a channel layer in memory, and a view."""
