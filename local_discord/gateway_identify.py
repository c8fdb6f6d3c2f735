"""What a client says to get in: IDENTIFY and RESUME, read and checked, and how often it may."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from local_discord.gateway_intents import ALL_INTENTS, PRIVILEGED, Intent
from local_discord.gateway_protocol import BadFrame, Close, is_count
from local_discord.guild import Json

#: Identifies a day: what Discord grants a bot.
TOTAL, DAY = 1000, 86_400.0


@dataclass(frozen=True)
class Identify:
    """A valid wish for a new session."""

    shard: tuple[int, int]
    intents: Intent
    compress: bool

    @classmethod
    def parse(cls, data: Any, *, token: str, flags: int) -> Identify:
        """Read IDENTIFY's data; ``flags`` are the application's, which grant privileged intents.

        Raises BadFrame with 4002, 4004, 4010, 4013 or 4014.
        """
        body = _authenticated(data, token)
        if not isinstance(body.get("properties"), dict):
            raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.")
        return cls(
            _shard(body.get("shard", [0, 1])), _intents(body.get("intents"), flags), body.get("compress") is True
        )


@dataclass(frozen=True)
class Resume:
    """A valid wish to take a session up again after the event ``seq``."""

    session_id: str
    seq: int

    @classmethod
    def parse(cls, data: Any, *, token: str) -> Resume:
        """Read RESUME's data; raises BadFrame with 4002 or 4004."""
        body = _authenticated(data, token)
        session_id, seq = body.get("session_id"), body.get("seq")
        if not isinstance(session_id, str) or not is_count(seq):
            raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.")
        return cls(session_id, seq)


class IdentifyLimit:
    """One identify per ``window`` seconds of all shards that are equal modulo ``max_concurrency``, and 1000 a day."""

    def __init__(self, window: float, max_concurrency: int) -> None:
        self._window = window
        self._max_concurrency = max_concurrency
        self._last: dict[int, float] = {}
        self._day_ends = time.monotonic() + DAY
        self._remaining = TOTAL

    def take(self, shard_id: int) -> bool:
        """Count one identify; False when it comes too soon after another."""
        self._start_day()
        now, key = time.monotonic(), shard_id % self._max_concurrency
        if self._remaining == 0 or now - self._last.get(key, -self._window) < self._window:
            return False
        self._last[key] = now
        self._remaining -= 1
        return True

    def payload(self) -> Json:
        """Return the session_start_limit object."""
        self._start_day()
        reset_after = round((self._day_ends - time.monotonic()) * 1000)
        return {
            "total": TOTAL,
            "remaining": self._remaining,
            "reset_after": reset_after,
            "max_concurrency": self._max_concurrency,
        }

    def _start_day(self) -> None:
        if time.monotonic() >= self._day_ends:
            self._day_ends, self._remaining = time.monotonic() + DAY, TOTAL


def _authenticated(data: Any, token: str) -> Json:
    if not isinstance(data, dict) or not isinstance(data.get("token"), str):
        raise BadFrame(Close.DECODE_ERROR, "Error while decoding payload.")
    if data["token"].removeprefix("Bot ") != token:
        raise BadFrame(Close.AUTHENTICATION_FAILED, "Authentication failed.")
    return data


def _shard(value: Any) -> tuple[int, int]:
    if isinstance(value, list) and len(value) == 2 and all(map(is_count, value)) and value[0] < value[1]:
        return value[0], value[1]
    raise BadFrame(Close.INVALID_SHARD, "Invalid shard.")


def _intents(value: Any, flags: int) -> Intent:
    if not is_count(value) or value & ~ALL_INTENTS:
        raise BadFrame(Close.INVALID_INTENTS, "Invalid intent(s).")
    for intent, granting in PRIVILEGED.items():
        if value & intent and not flags & granting:
            raise BadFrame(Close.DISALLOWED_INTENTS, "Disallowed intent(s).")
    return Intent(value)
