"""A gateway session: it outlives its connection, numbers every event and keeps them for a replay."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from local_discord.gateway_intents import Intent
from local_discord.gateway_protocol import Frame, Op, encode

if TYPE_CHECKING:
    from local_discord.gateway_connection import Connection

#: So many events can be replayed; whoever missed more starts a new session.
REPLAY_EVENTS = 1000
#: How long a session without a connection can be resumed, in seconds of the server's clock.
RESUME_WINDOW = 300.0


class Session:
    """One identified shard of a client: ``shard`` is (its number, the number of shards)."""

    def __init__(self, shard: tuple[int, int], intents: Intent) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.intents = intents
        self.seq = 0
        self.connection: Connection | None = None
        self.left_at: float | None = None
        self._sent: deque[tuple[int, Frame]] = deque(maxlen=REPLAY_EVENTS)

    def serves(self, guild_id: int | None) -> bool:
        """Whether a guild's events, or those of direct messages (None), belong to this shard."""
        number, count = self.shard
        return number == (0 if guild_id is None else (guild_id >> 22) % count)

    def deliver(self, event: str, data: Any) -> None:
        """Number an event, keep it for a replay, and send it if a connection is there."""
        self._send(encode(Op.DISPATCH, data, seq=self.seq + 1, event=event))

    def promise(self, event: str, data: Callable[[], Any]) -> None:
        """Like `deliver`, but the data is made when the event's turn on the wire has come, and kept by nobody."""
        seq = self.seq + 1
        self._send(lambda: encode(Op.DISPATCH, data(), seq=seq, event=event))

    def missed(self, seq: int) -> list[Frame] | None:
        """Return the payloads after ``seq`` in order; None when some of them are no longer kept."""
        missed = [frame for number, frame in self._sent if number > seq]
        return missed if len(missed) == self.seq - seq else None

    def attach(self, connection: Connection) -> None:
        """Take a connection, in place of the one before."""
        self.connection, self.left_at = connection, None
        connection.session = self

    def detach(self, now: float) -> None:
        """Be without a connection from now on."""
        self.connection, self.left_at = None, now

    def expired(self, now: float) -> bool:
        """Whether it has been without a connection for too long to be resumed."""
        return self.left_at is not None and now - self.left_at > RESUME_WINDOW

    def _send(self, frame: Frame) -> None:
        self.seq += 1
        self._sent.append((self.seq, frame))
        if self.connection is not None:
            self.connection.send_frame(frame)
