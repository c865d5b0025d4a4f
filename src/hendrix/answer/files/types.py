"""What a file is, by the end of its name.

A table of our own: Python's ``mimetypes`` reads what the machine says, so that a style sheet may be one thing here and
another there. Types are those of the IANA registry, and the ones that browsers insist on where it has none.
"""

from __future__ import annotations

UNKNOWN = "application/octet-stream"

#: type -> ends of names.
_TABLE = {
    "text/css": "css",
    "text/html": "html htm shtml",
    "text/javascript": "js mjs cjs",
    "text/plain": "txt text log conf ini md5 sha256",
    "text/markdown": "md markdown",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/calendar": "ics",
    "text/vcard": "vcf vcard",
    "text/vtt": "vtt",
    "text/xml": "xsl xslt",
    "text/x-component": "htc",
    "application/json": "json map",
    "application/ld+json": "jsonld",
    "application/geo+json": "geojson",
    "application/manifest+json": "webmanifest",
    "application/xml": "xml xsd dtd",
    "application/xhtml+xml": "xhtml xht",
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/gpx+xml": "gpx",
    "application/vnd.google-earth.kml+xml": "kml",
    "application/vnd.google-earth.kmz": "kmz",
    "application/yaml": "yaml yml",
    "application/toml": "toml",
    "application/sql": "sql",
    "application/x-subrip": "srt",
    "application/wasm": "wasm",
    "application/pdf": "pdf",
    "application/postscript": "ps eps ai",
    "application/rtf": "rtf",
    "application/epub+zip": "epub",
    "application/zip": "zip",
    "application/gzip": "gz tgz",
    "application/zstd": "zst",
    "application/x-brotli": "br",
    "application/x-bzip2": "bz2",
    "application/x-xz": "xz",
    "application/x-tar": "tar",
    "application/x-7z-compressed": "7z",
    "application/vnd.rar": "rar",
    "application/java-archive": "jar war ear",
    "application/vnd.android.package-archive": "apk",
    "application/x-apple-diskimage": "dmg",
    "application/x-sqlite3": "sqlite sqlite3",
    "application/msword": "doc dot",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.ms-fontobject": "eot",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/dash+xml": "mpd",
    "application/ogg": "ogx",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/midi": "mid midi kar",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "oga ogg opus",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "font/collection": "ttc",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/heif": "heif",
    "image/jpeg": "jpg jpeg jfif pjpeg",
    "image/jxl": "jxl",
    "image/png": "png",
    "image/svg+xml": "svg svgz",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/x-icon": "ico cur",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "model/obj": "obj",
    "model/stl": "stl",
    "video/3gpp": "3gp",
    "video/mp2t": "ts m2ts",
    "video/mp4": "mp4 m4v",
    "video/mpeg": "mpg mpeg",
    "video/ogg": "ogv",
    "video/quicktime": "mov qt",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/x-matroska": "mkv",
    "video/x-ms-wmv": "wmv",
    "video/x-msvideo": "avi",
}
_BY_END = {end: kind for kind, ends in _TABLE.items() for end in ends.split()}

#: Compressed by their own nature are all others, but for text.
_COMPRESSIBLE = frozenset(
    (
        "application/ecmascript",
        "application/javascript",
        "application/json",
        "application/json-seq",
        "application/jsonl",
        "application/n-quads",
        "application/n-triples",
        "application/postscript",
        "application/rtf",
        "application/sql",
        "application/toml",
        "application/vnd.apple.mpegurl",
        "application/vnd.mapbox-vector-tile",
        "application/vnd.ms-fontobject",
        "application/wasm",
        "application/x-javascript",
        "application/x-mpegurl",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-subrip",
        "application/x-tex",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/xml",
        "application/yaml",
        "font/collection",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/vnd.microsoft.icon",
        "image/x-icon",
        "model/obj",
    )
)
#: RFC 6838 section 4.2.8: what a type is made of.
_COMPRESSIBLE_ENDS = ("+json", "+xml", "+yaml")
#: Coded as they are stored, and of the type of what was coded: a browser shows them if it is told.
_STORED_CODED = {"svgz": "gzip"}
#: What a browser shows without running anything that it holds.
_INERT = ("image/", "video/", "audio/", "font/")


def media_type(name: str) -> str:
    """Of a file with this name, without parameters."""
    return _BY_END.get(name.rpartition(".")[2].lower(), UNKNOWN) if "." in name else UNKNOWN


def content_type(name: str) -> str:
    """The value of Content-Type. Text is UTF-8: a browser would else guess."""
    kind = media_type(name)
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def stored_coding(name: str) -> str:
    """The coding (RFC 9110 section 8.4) that a file with this name is in as it is; empty for nearly all."""
    return _STORED_CODED.get(name.rpartition(".")[2].lower(), "")


def compressible(kind: str) -> bool:
    """Does what is of the media type ``kind`` (lower case, without parameters) get smaller by compression?"""
    return kind.startswith("text/") or kind in _COMPRESSIBLE or kind.endswith(_COMPRESSIBLE_ENDS)


def inert(kind: str) -> bool:
    """Can a file of this media type run no script when a browser opens it? (PDF has a viewer of its own.)"""
    return kind == "application/pdf" or (kind.startswith(_INERT) and kind != "image/svg+xml")
