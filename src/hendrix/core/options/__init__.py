"""The options of the server, a file per group. ``core.config`` puts them together."""
