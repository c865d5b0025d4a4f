"""The forms: for a repair, and for a picture on the wall."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from . import attachment
from .models import Picture, RepairRequest

ACCEPTED = attachment.suffixes(attachment.FILE_TYPES)


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
