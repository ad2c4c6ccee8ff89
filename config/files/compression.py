"""Compressed files, told by their content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from config.errors import InputError

GZIP = "gzip"

# The first bytes of what Arrow decompresses, and of what it does not.
_CODECS = {
    b"\x1f\x8b\x08": GZIP,
    b"BZh": "bz2",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
}
_OTHERS = {
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\xff\x06\x00\x00sNaPpY": "snappy",
}
_MOST_BYTES = 16


def codec_of(start: bytes) -> str | None:
    """Returns Arrow's name of the codec that the first bytes show; None without one.

    Raises:
      InputError: It is compressed by a codec that is not read.
    """
    for magic, name in _OTHERS.items():
        if start.startswith(magic):
            raise InputError(
                f"the file is compressed by {name}, which is not read; allowed: "
                f"{', '.join(_CODECS.values())}, or no compression"
            )
    found = (codec for magic, codec in _CODECS.items() if start.startswith(magic))
    return next(found, None)


@contextmanager
def decompressed(stream: pa.NativeFile) -> Iterator[pa.NativeFile]:
    """Gives the content of a file that can be rewound, without its compression.

    Raises:
      InputError: It is compressed by a codec that is not read.
    """
    codec = codec_of(stream.read(_MOST_BYTES))
    stream.seek(0)
    # Arrow notices where a stream is cut short.
    yield pa.CompressedInputStream(stream, codec) if codec else stream
