"""`python -m project.data`: the tables, the rows and the files that the workloads read."""

from decimal import Decimal

import django
from django.conf import settings
from django.core.management import call_command

FILE_SIZE = 10_000_000


def main() -> None:
    """Make it all; what is there already is made anew."""
    django.setup()
    from . import assets  # noqa: PLC0415 - these need a configured Django
    from .models import Row  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, verbosity=0)
    Row.objects.all().delete()
    Row.objects.bulk_create(Row(pk=n, title=f"Row number {n}", price=Decimal(n) / 4) for n in range(1, 1001))
    (settings.STATE / "download.bin").write_bytes(bytes(range(250)) * (FILE_SIZE // 250))
    assets.make(settings.STATIC_ROOT)


if __name__ == "__main__":
    main()
