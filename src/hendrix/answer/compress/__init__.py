"""Answers of the application in a coding that the peer accepts."""
