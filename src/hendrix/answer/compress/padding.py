"""Bytes of any number that a coded body can hold without meaning anything, to every decoder.

They hide by how much a body shrank (BREACH): see docs/why/breach.md. Each is within the one member or frame that
carries the content, for decoders stop at its end.
"""

from __future__ import annotations

#: The most that each function below can add.
MOST = 255

_COMMENT = 16  # RFC 1952 section 2.3.1: FLG.FCOMMENT
_EMPTY_BLOCK = b"\0\0\0"  # RFC 8878 section 3.1.1.2: not the last, raw, no bytes
_EMPTY_METADATA = b"\x06"  # RFC 7932 section 9.2: ISLAST 0, MNIBBLES 3, reserved 0, MSKIPBYTES 0


def gzip_header(padding: int) -> bytes:
    """The header of a gzip member, ``padding`` bytes longer than need be: by a comment (RFC 1952 section 2.3)."""
    if not padding:
        return b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
    return b"\x1f\x8b\x08%c\0\0\0\0\0\xff%b\0" % (_COMMENT, b" " * (padding - 1))


def padded_frame(begin: bytes, padding: int) -> bytes:
    """``begin`` of a zstd frame, with its whole header and no dictionary named, made ``padding`` bytes longer.

    Empty blocks come by threes; what is left over goes into a dictionary identifier of one or two bytes, in which
    nought means that there is none (RFC 8878 section 3.1.1.1.3).
    """
    blocks, rest = divmod(padding, 3)
    descriptor = begin[4]
    single = descriptor >> 5 & 1
    at = 5 if single else 6
    end = at + (single, 2, 4, 8)[descriptor >> 6]  # the size of the content
    named = bytes((descriptor | rest,))
    return b"".join((begin[:4], named, begin[5:at], bytes(rest), begin[at:end], _EMPTY_BLOCK * blocks, begin[end:]))


def brotli_metadata(padding: int) -> bytes:
    """Meta-blocks of ``padding`` bytes in all that hold metadata, for a stream that has come to the end of a byte.

    RFC 7932 section 9.2: six bits without data; or fourteen, which say how many bytes (less one) follow.
    """
    if padding < 3:
        return _EMPTY_METADATA * padding
    skipped = padding - 2
    return (0x16 | (skipped - 1) << 6).to_bytes(2, "little") + bytes(skipped)
