"""The door for a Django project: ``manage.py hx``."""
