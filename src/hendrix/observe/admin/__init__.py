"""The listener for those who look after the server: a process of its own, with the standard library alone."""
