"""Links that let somebody paint once: a random id and an end, signed, so that nobody can make one or change one."""

import hashlib
import hmac
import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode

ID_BYTES = 16
MAC_BYTES = 32
END = struct.Struct(">Q")  # in seconds since 1970
LENGTH = 75  # of a token; one of another length is none of ours


def new_id() -> bytes:
    """Return an id that nobody can guess."""
    return secrets.token_bytes(ID_BYTES)


def sign(key: bytes, painting: bytes, until: int) -> str:
    """Return the token that opens a painting until then, in seconds since 1970."""
    told = painting + END.pack(until)
    return _encode(told + _mac(key, told))


def read(key: bytes, token: str, now: float) -> bytes | None:
    """Return the id of the painting that the token opens; None where it is not ours, was changed, or is over."""
    signed = _decode(token)
    if signed is None:
        return None
    told, mac = signed[:-MAC_BYTES], signed[-MAC_BYTES:]
    if not hmac.compare_digest(mac, _mac(key, told)):
        return None
    (until,) = END.unpack(told[ID_BYTES:])
    return told[:ID_BYTES] if now < until else None


def _mac(key: bytes, told: bytes) -> bytes:
    return hmac.new(key, told, hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decode(token: str) -> bytes | None:
    try:
        data = urlsafe_b64decode(token + "=") if len(token) == LENGTH else b""
    except ValueError:
        return None
    return data if _encode(data) == token else None  # of several spellings of the same bytes one is ours
