"""The project's addresses: the workshop and the admin. Static files and uploads need none: the server knows them."""

from django.contrib import admin
from django.urls import include, path
from workshop.ear import Watch
from workshop.talk import Talk

admin.site.site_header = "Crosstown Workshop: back office"
admin.site.site_title = "Crosstown Workshop"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("workshop.urls")),
]

#: Sockets of the project's own; others go to ASGI_APPLICATION.
websocket_urlpatterns = [path("counter/socket/", Talk), path("ear/socket/", Watch)]
