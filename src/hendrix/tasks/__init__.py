"""Work in the background: what follows a response, and what waits in a queue."""
