"""Every kind of resource that is to work; the upstream and the directory of files are the test's."""

from __future__ import annotations

SECRET_KEY = "a key of the tests only"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "beside.urls"
HENDRIX_CHILD_RESOURCES = (
    "beside.resources.Probe",
    "beside.resources.deep",
    "beside.resources.named",
    "beside.resources.files",
    "beside.resources.proxied",
    "beside.resources.wsgi_resource",
    "beside.resources.Several",
    "beside.kleins.app",
    "beside.sockets.echo",
    "beside.sockets.twisted_echo",
)
