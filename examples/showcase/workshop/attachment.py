"""What visitors may hand in, told by the bytes and not by what the browser calls them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class FileType:
    """A file type: its name endings, and the bytes that its files have at `offset`."""

    suffixes: tuple[str, ...]
    magics: tuple[bytes, ...]
    offset: int = 0

    def matches(self, head: bytes) -> bool:
        return head[self.offset :].startswith(self.magics)


PICTURES = (
    FileType((".png",), (b"\x89PNG\r\n\x1a\n",)),
    FileType((".jpg", ".jpeg"), (b"\xff\xd8\xff",)),
    FileType((".gif",), (b"GIF87a", b"GIF89a")),
    FileType((".webp",), (b"WEBP",), offset=8),
)
WAVES = (FileType((".wav",), (b"WAVE",), offset=8),)
RECORDINGS = (
    *WAVES,
    FileType((".flac",), (b"fLaC",)),
    FileType((".ogg",), (b"OggS",)),
    FileType((".mp3",), (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
)
FILE_TYPES = PICTURES + RECORDINGS


def suffixes(file_types: Sequence[FileType]) -> list[str]:
    """The name endings of some file types."""
    return [suffix for file_type in file_types for suffix in file_type.suffixes]


def validate(file: UploadedFile, file_types: Sequence[FileType] = FILE_TYPES) -> None:
    """Raise ValidationError unless `file` is small enough, of one of the types, and what its name says."""
    if (file.size or 0) > MAX_BYTES:
        raise ValidationError(f"Too big: at most {MAX_BYTES // 2**20} MB, please.", code="too_big")
    suffix = PurePath(file.name or "").suffix.lower()
    file_type = next((known for known in file_types if suffix in known.suffixes), None)
    if file_type is None:
        wanted = {PICTURES: "pictures", WAVES: "recordings"}.get(tuple(file_types), "pictures and recordings")
        raise ValidationError(f"We take {wanted}: " + ", ".join(suffixes(file_types)), code="unknown_type")
    file.seek(0)
    if not file_type.matches(file.read(16)):
        raise ValidationError(f"That is not a {suffix} file inside.", code="wrong_content")


def sha256(file: UploadedFile) -> str:
    """The digest of the whole file, in hexadecimal; reads it in pieces, wherever Django has put it."""
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return digest.hexdigest()
