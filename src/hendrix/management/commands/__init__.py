"""Django looks for its commands here."""
