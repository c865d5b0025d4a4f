"""Hendrix: the application server for Django. One command, ``hx start``, serves a project."""

__version__ = "6.0.0.dev0"
