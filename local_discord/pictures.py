"""What a picture's first bytes say of it: its type, width and height. Nothing is ever decoded here."""

import struct
from typing import NamedTuple

_SCAN = 1 << 20
_PLAIN_MARKERS = frozenset({0x01, *range(0xD0, 0xDA)})
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class Picture(NamedTuple):
    """A picture's content type and its size in pixels."""

    content_type: str
    width: int
    height: int


def sniff(data: bytes) -> Picture | None:
    """The picture that these bytes begin like, or None; reads at most the first MiB."""
    head = data[:_SCAN]
    try:
        return _png(head) or _gif(head) or _webp(head) or _jpeg(head)
    except (struct.error, IndexError):
        return None


def _png(head: bytes) -> Picture | None:
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return None
    return Picture("image/png", *struct.unpack(">II", head[16:24]))


def _gif(head: bytes) -> Picture | None:
    if head[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    return Picture("image/gif", *struct.unpack("<HH", head[6:10]))


def _webp(head: bytes) -> Picture | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        width, height = int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    elif kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    else:
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
    return Picture("image/webp", width, height)


def _jpeg(head: bytes) -> Picture | None:
    if head[:3] != b"\xff\xd8\xff":
        return None
    place = 2
    while head[place] == 0xFF:
        marker = head[place + 1]
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack(">HH", head[place + 5 : place + 9])
            return Picture("image/jpeg", width, height)
        if marker == 0xFF:
            place += 1
        elif marker in _PLAIN_MARKERS:
            place += 2
        else:
            place += 2 + struct.unpack(">H", head[place + 2 : place + 4])[0]
    return None
