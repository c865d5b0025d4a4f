"""The repair form."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from . import attachment
from .models import RepairRequest


class RepairForm(forms.ModelForm):
    """Takes a repair request; notes the name, size and digest of the attached file as it arrived."""

    class Meta:
        model = RepairRequest
        fields = ["name", "instrument", "problem", "attachment"]
        widgets = {
            "name": forms.TextInput({"autocomplete": "name"}),
            "problem": forms.Textarea({"rows": 5}),
            "attachment": forms.FileInput({"accept": ",".join(attachment.SUFFIXES)}),
        }
        help_texts = {
            "instrument": "Maker and model, if you know them.",
            "attachment": "A picture or a recording, at most "
            f"{attachment.MAX_BYTES // 2**20} MB ({', '.join(attachment.SUFFIXES)}).",
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
