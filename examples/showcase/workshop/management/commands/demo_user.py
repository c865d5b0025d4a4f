"""`manage.py demo_user`: an administrator to look at the demo with."""

import os
import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = (
        "Make the demo administrator, or give it a password again, and print the credentials. "
        "The password is SHOWCASE_ADMIN_PASSWORD, or else a new random one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--username", default="demo")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        password = os.environ.get("SHOWCASE_ADMIN_PASSWORD") or secrets.token_urlsafe(12)
        users = get_user_model()
        user, _ = users.objects.get_or_create(username=username)
        user.is_staff = user.is_superuser = user.is_active = True
        if not user.check_password(password):  # the same password again must not end open sessions
            user.set_password(password)
        user.save()
        self.stdout.write(f"username: {username}\npassword: {password}")
