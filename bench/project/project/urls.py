"""One URL per workload."""

from django.urls import path

from . import views

urlpatterns = [
    path("hello", views.hello),
    path("json", views.json),
    path("template", views.template),
    path("orm", views.orm),
    path("blocking", views.blocking),
    path("upload", views.upload),
    path("download", views.download),
]
