"""The forms: for a repair, for a picture on the wall, and for a recording to be heard."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet

from . import attachment, hearing
from .models import Picture, Recording, RepairRequest

ACCEPTED = attachment.suffixes(attachment.FILE_TYPES)
MOST_OWN, MOST_WAITING = 3, 20  # recordings that are not heard yet: of one browser, and of all


class RepairForm(forms.ModelForm):
    """Takes a repair request; notes the name, size and digest of the attached file as it arrived."""

    class Meta:
        model = RepairRequest
        fields = ["name", "instrument", "problem", "attachment"]
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "problem": forms.Textarea({"rows": 5}),
            "attachment": forms.FileInput({"accept": ",".join(ACCEPTED)}),
        }
        help_texts = {
            "instrument": "Maker and model, if you know them.",
            "attachment": "A picture or a recording, at most "
            f"{attachment.MAX_BYTES // 2**20} MB ({', '.join(ACCEPTED)}).",
        }

    def clean_attachment(self) -> UploadedFile | None:
        file = self.cleaned_data["attachment"]
        if file:
            attachment.validate(file)
        return file

    def save(self, commit: bool = True) -> Any:
        if file := self.cleaned_data["attachment"]:
            self.instance.file_name = file.name
            self.instance.file_size = file.size
            self.instance.file_sha256 = attachment.sha256(file)
        return super().save(commit)


class PictureForm(forms.ModelForm):
    """Takes a picture for the wall."""

    class Meta:
        model = Picture
        fields = ["title", "name", "file"]
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "file": forms.FileInput({"accept": ",".join(attachment.suffixes(attachment.PICTURES))}),
        }
        help_texts = {"file": f"At most {attachment.MAX_BYTES // 2**20} MB. Everybody will see it."}

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        attachment.validate(file, attachment.PICTURES)
        return file


class RecordingForm(forms.ModelForm):
    """Takes a recording, if the ear has time for it."""

    class Meta:
        model = Recording
        fields = ["file"]
        widgets = {"file": forms.FileInput({"accept": ",".join(attachment.suffixes(attachment.WAVES))})}
        help_texts = {
            "file": f"A WAV file of 16 bits, at most {hearing.LONGEST:g} seconds and "
            f"{attachment.MAX_BYTES // 2**20} MB. It is thrown away as soon as it is heard."
        }

    def __init__(self, *args: Any, mine: QuerySet[Recording], **named: Any) -> None:
        super().__init__(*args, **named)
        self.mine = mine
        self.fields["file"].required = True

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        attachment.validate(file, attachment.WAVES)
        file.seek(0)
        try:
            hearing.open_recording(file)
        except hearing.NoRecording as error:
            raise ValidationError(str(error), code="not_audible") from error
        return file

    def clean(self) -> dict[str, Any]:
        if self.mine.filter(heard__isnull=True).count() >= MOST_OWN:
            raise ValidationError(f"{MOST_OWN} of yours are not heard yet. Wait for them, please.", code="impatient")
        if Recording.objects.filter(heard__isnull=True).count() >= MOST_WAITING:
            raise ValidationError("There is a queue at the ear. Come back in a minute, please.", code="busy")
        return self.cleaned_data

    def save(self, commit: bool = True) -> Any:
        self.instance.file_name = self.cleaned_data["file"].name[:255]
        return super().save(commit)
