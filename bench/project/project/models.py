"""What the `orm` workload reads."""

from django.db import models


class Row(models.Model):  # type: ignore[misc]  # Django has no types here
    """One line of the answer."""

    title = models.CharField(max_length=100)
    price = models.DecimalField(max_digits=8, decimal_places=2)
