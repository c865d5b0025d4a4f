"""Files, answered straight from the loop."""
