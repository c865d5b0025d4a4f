"""Files that are nobody's business but the shop's: kept where no address leads, handed out by a view that asks who
wants them."""

import os
from pathlib import PurePath

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.urls import reverse


class Cabinet(FileSystemStorage):
    """Files in `CABINET_ROOT`. The link to one is that of its ticket's view, so that the back office can show it."""

    @property
    def base_location(self) -> str:
        return os.fspath(settings.CABINET_ROOT)

    @property
    def location(self) -> str:
        return os.path.abspath(self.base_location)

    def url(self, name: str | None) -> str:
        return reverse("attachment", args=[PurePath(name or "").stem])
