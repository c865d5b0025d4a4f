"""One URL per workload."""

from django.urls import path

from . import async_views, views

urlpatterns = [
    path("hello", views.hello),
    path("cached", views.cached),
    path("json", views.json),
    path("template", views.template),
    path("orm", views.orm),
    path("blocking", views.blocking),
    path("upload", views.upload),
    path("download", views.download),
    path("async_hello", async_views.async_hello),
    path("async_orm", async_views.async_orm),
    path("async_wait", async_views.async_wait),
    path("events", async_views.events),
    path("publish", async_views.publish),
]
