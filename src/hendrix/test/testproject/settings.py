"""As few as it takes."""

SECRET_KEY = "of a project that only tests serve"  # noqa: S105
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "hendrix.test.testproject.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
HENDRIX_SERVICES = (("greeter", "hendrix.test.testproject.greeter.Greeter"),)
