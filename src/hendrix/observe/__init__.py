"""The room that speaks: every log line is written here."""
