"""The gateway's language: opcodes, close codes, and payloads as JSON text."""

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeGuard

#: A payload as JSON text, or what makes it.
Frame = str | Callable[[], str]


class Op(IntEnum):
    """Opcodes of gateway v10."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(IntEnum):
    """Codes with which this gateway closes a connection."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_API_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


#: Discord refuses larger payloads from a client, in bytes.
MAX_PAYLOAD = 4096


class BadFrame(Exception):
    """A client sent what the gateway does not accept; ``code`` is how the connection is to be closed."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def encode(op: Op, data: Any = None, *, seq: int | None = None, event: str | None = None) -> str:
    """Return one payload as JSON text."""
    return json.dumps({"op": op, "d": data, "s": seq, "t": event}, separators=(",", ":"))


def decode(raw: str | bytes) -> tuple[Op, Any]:
    """Return opcode and data of a client's payload.

    Raises BadFrame with 4002 for what is not a JSON object of at most 4096 bytes, with 4001 for an unknown opcode.
    """
    if len(raw.encode() if isinstance(raw, str) else raw) > MAX_PAYLOAD:
        raise BadFrame(Close.DECODE_ERROR, "Payload too large.")
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("op"), int):
        raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.")
    try:
        return Op(payload["op"]), payload.get("d")
    except ValueError as error:
        raise BadFrame(Close.UNKNOWN_OPCODE, "Unknown opcode.") from error


def is_count(value: Any) -> TypeGuard[int]:
    """Whether a client sent a whole number that is not negative."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
