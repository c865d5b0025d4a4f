"""The parent process: standard library only, never imports Django, Twisted or the project."""
