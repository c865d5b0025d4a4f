"""The street door: ``hx``."""
