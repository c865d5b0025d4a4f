"""The project's addresses: the workshop, the admin and, for now, static files."""

from django.conf import settings
from django.contrib import admin
from django.contrib.staticfiles.views import serve
from django.urls import include, path

admin.site.site_header = "Crosstown Workshop: back office"
admin.site.site_title = "Crosstown Workshop"

urlpatterns = [
    path("admin/", admin.site.urls),
    # Django serving the admin's own CSS, slowly but well enough for a demo.
    # This line goes away once the server serves static files itself.
    path(f"{settings.STATIC_URL.lstrip('/')}<path:path>", serve, {"insecure": True}),
    path("", include("workshop.urls")),
]
