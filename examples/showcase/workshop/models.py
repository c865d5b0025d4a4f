"""What the shop keeps: things for sale, articles, pictures on the wall, and repair requests."""

import uuid
from pathlib import PurePath

from django.db import models
from django.urls import reverse

from .cabinet import Cabinet


class Kind(models.TextChoices):
    """What sort of thing it is; the value also names its drawing (`art-electric` and so on)."""

    ELECTRIC = "electric", "Electric guitar"
    ACOUSTIC = "acoustic", "Acoustic guitar"
    BASS = "bass", "Bass guitar"
    AMPLIFIER = "amplifier", "Amplifier"
    PEDAL = "pedal", "Pedal"
    RECORD = "record", "Record"


class Condition(models.TextChoices):
    MINT = "mint", "Like new"
    GOOD = "good", "Good"
    PLAYED = "played", "Well played"
    PROJECT = "project", "Needs love"


class Instrument(models.Model):
    """One thing on the shelf. Records count as instruments here: somebody plays them."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    kind = models.CharField(max_length=12, choices=Kind, db_index=True)
    maker = models.CharField(max_length=60)
    year = models.PositiveSmallIntegerField()
    finish = models.CharField(max_length=40)
    hue = models.PositiveSmallIntegerField(help_text="Colour of its drawing, in degrees (0 to 359).")
    condition = models.CharField(max_length=8, choices=Condition)
    price_cents = models.PositiveIntegerField()
    in_stock = models.BooleanField(default=True)
    featured = models.BooleanField(default=False)
    description = models.TextField()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("instrument", args=[self.slug])

    @property
    def price(self) -> str:
        """The price for people, in whole euros."""
        return f"€{self.price_cents // 100:,}"


class Article(models.Model):
    """A page from the workshop's notebook; blank lines part the paragraphs of its body."""

    title = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    summary = models.CharField(max_length=200)
    body = models.TextField()
    published = models.DateField()

    class Meta:
        ordering = ["-published", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("article", args=[self.slug])

    @property
    def minutes(self) -> int:
        """Reading time, at 200 words a minute."""
        return max(1, round(len(self.body.split()) / 200))


def picture_path(picture: "Picture", filename: str) -> str:
    """A name that no visitor chose."""
    return f"wall/{picture.pk}{PurePath(filename).suffix.lower()}"


class Picture(models.Model):
    """A picture that a visitor hung on the wall; everybody sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    title = models.CharField("what it shows", max_length=80)
    name = models.CharField("your name", max_length=60)
    file = models.FileField("picture", upload_to=picture_path)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.title} ({self.name})"


def attachment_path(request: "RepairRequest", filename: str) -> str:
    """A name that nobody can guess and no visitor chose; the original one is kept in the row."""
    return f"repairs/{request.pk}{PurePath(filename).suffix.lower()}"


class RepairRequest(models.Model):
    """Something to mend, with an optional picture or recording of the trouble."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    name = models.CharField("your name", max_length=60)
    instrument = models.CharField(max_length=80)
    problem = models.TextField("what is wrong", max_length=2000)
    attachment = models.FileField(upload_to=attachment_path, storage=Cabinet(), blank=True)
    file_name = models.CharField(max_length=255, blank=True, editable=False)
    file_size = models.PositiveBigIntegerField(default=0, editable=False, help_text="In bytes.")
    file_sha256 = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.instrument} ({self.name})"

    def get_absolute_url(self) -> str:
        return reverse("repair", args=[self.pk])


def recording_path(recording: "Recording", filename: str) -> str:
    """A name that no visitor chose."""
    return f"ear/{recording.pk}.wav"


class Recording(models.Model):
    """A recording that a task hears. Only the browser that brought it sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    owner = models.CharField(max_length=40, db_index=True, editable=False)
    file = models.FileField("recording", upload_to=recording_path, storage=Cabinet(), blank=True)
    file_name = models.CharField(max_length=255, editable=False)
    #: What the ear has made of it; None: it is not done.
    heard = models.JSONField(null=True, editable=False)

    class Meta:
        ordering = ["-created", "pk"]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("recording", args=[self.pk])

    @property
    def topic(self) -> str:
        """Where its progress is published."""
        return f"ear.{self.pk}"

    @property
    def title(self) -> str:
        """What came of it, in a few words."""
        heard = self.heard or {}
        return heard.get("title") or heard.get("fault") or "being heard"
