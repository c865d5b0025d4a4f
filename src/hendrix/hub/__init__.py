"""Messages under topics: who wants them, what was said lately, who is there; in one process and between many."""
