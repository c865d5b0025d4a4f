"""A Django project with resources of twisted.web beside it."""
