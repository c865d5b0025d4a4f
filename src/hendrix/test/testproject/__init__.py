"""A Django project of two views and a service, for tests of the server."""
