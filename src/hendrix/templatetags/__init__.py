"""Template tags of the app ``hendrix``."""
