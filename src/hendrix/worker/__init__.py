"""One serving process: its loop, its threads, its connections."""
