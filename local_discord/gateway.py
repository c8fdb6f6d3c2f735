"""The gateway: who is connected, what they ask for, and to whom each event goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from aiohttp import web

from local_discord.clock import Clock
from local_discord.gateway_connection import CLOSE_SECONDS, Connection
from local_discord.gateway_identify import Identify, IdentifyLimit, Resume
from local_discord.gateway_intents import tailored, wants
from local_discord.gateway_members import member_chunks
from local_discord.gateway_protocol import BadFrame, Close, Frame, Op
from local_discord.gateway_session import Session
from local_discord.gateway_transport import Transport
from local_discord.gateway_welcome import VERSION, welcome
from local_discord.guild import Json
from local_discord.world import World

log = logging.getLogger(__name__)

#: After these a session cannot be resumed: the client left for good, or was refused.
ENDING = {1000, 1001, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014}
#: Discord's advice, which it publishes for no number of guilds, comes to about this; what it refuses, it publishes.
GUILDS_PER_SHARD, MOST_GUILDS_PER_SHARD = 1000, 2500


class Gateway:
    """Gateway v10 for one application; every method belongs to the server's event loop.

    ``heartbeat`` is the interval told in HELLO, ``identify_window`` the time in which ``max_concurrency`` shards may
    identify once, both in seconds.
    """

    def __init__(
        self,
        world: World,
        clock: Clock,
        *,
        heartbeat: float = 41.25,
        identify_window: float = 5.0,
        max_concurrency: int = 1,
    ) -> None:
        #: Called whenever a connection has become ready or resumed.
        self.on_ready: Callable[[], None] = lambda: None
        self._world = world
        self._clock = clock
        self._heartbeat = heartbeat
        self._limit = IdentifyLimit(identify_window, max_concurrency)
        self._sessions: dict[str, Session] = {}
        self._connections: dict[Connection, asyncio.Task[Any]] = {}

    @property
    def online(self) -> bool:
        """Whether the bot is connected and identified."""
        return any(session.connection is not None for session in self._sessions.values())

    def session_start_limit(self) -> Json:
        """Return how often the application may still identify, as GET /gateway/bot tells it."""
        return self._limit.payload()

    def recommended_shards(self) -> int:
        """Return how many shards the application should start, as GET /gateway/bot tells it."""
        return max(1, -(-len(self._world.guilds) // GUILDS_PER_SHARD))

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one websocket (query: v, encoding, compress) until it closes."""
        socket = web.WebSocketResponse(timeout=CLOSE_SECONDS, compress=False)
        await socket.prepare(request)
        connection = Connection(request, socket, Transport(socket, request.query.get("compress")), self._heartbeat)
        task = asyncio.current_task()
        assert task is not None
        self._connections[connection] = task
        try:
            _check_address(request, connection)
            await connection.run(self._receive)
        finally:
            del self._connections[connection]
            self._part(connection, resumable=connection.close_code not in ENDING)
        return socket

    def dispatch(self, event: str, data: Json, *, guild_id: int | None) -> None:
        """Send an event to every session whose shard and intents cover it; None is direct messages.

        Never blocks: a session without a connection keeps the event for its replay.
        """
        self._forget_expired()
        for session in self._sessions.values():
            if session.serves(guild_id) and wants(session.intents, event, in_guild=guild_id is not None):
                session.deliver(event, tailored(event, data, session.intents, self._world.bot.id))

    def drop(self, code: int, *, resumable: bool = True, shard: int | None = None) -> None:
        """Close every connection, or those of one shard; 1006 is a connection that breaks without a close frame."""
        for connection in list(self._connections):
            if shard is None or (connection.session is not None and connection.session.shard[0] == shard):
                self._part(connection, resumable=resumable)
                connection.close(code, "Ordered.")

    def request_reconnect(self) -> None:
        """Ask every client to reconnect and resume (op 7)."""
        for connection in self._connections:
            connection.send(Op.RECONNECT)

    def invalidate(self, *, resumable: bool) -> None:
        """Tell every client that its session is invalid (op 9)."""
        for connection in self._connections:
            if not resumable:
                self._part(connection, resumable=False)
            connection.send(Op.INVALID_SESSION, resumable)

    async def close(self) -> None:
        """Close every connection and wait until its handler has returned."""
        tasks = set(self._connections.values())
        for connection in self._connections:
            connection.close(1001, "Server shutting down.")
        if tasks:
            await asyncio.wait(tasks, timeout=2 * CLOSE_SECONDS)

    def _receive(self, connection: Connection, op: Op, data: Any) -> None:
        match op:
            case Op.HEARTBEAT:
                connection.acknowledge()
            case Op.IDENTIFY | Op.RESUME if connection.session is not None:
                raise BadFrame(Close.ALREADY_AUTHENTICATED, "Already authenticated.")
            case Op.IDENTIFY:
                self._identify(connection, data)
            case Op.RESUME:
                self._resume(connection, data)
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS if connection.session is None:
                raise BadFrame(Close.NOT_AUTHENTICATED, "Not authenticated.")
            case Op.PRESENCE | Op.VOICE_STATE:
                log.debug("%s is accepted and has no effect here", op.name)
            case Op.REQUEST_MEMBERS:
                self._send_members(connection, data)
            case _:
                raise BadFrame(Close.UNKNOWN_OPCODE, "Unknown opcode.")

    def _identify(self, connection: Connection, data: Any) -> None:
        wish = Identify.parse(data, token=self._world.token, flags=self._world.application()["flags"])
        session = Session(wish.shard, wish.intents)
        if sum(map(session.serves, self._world.guilds)) > MOST_GUILDS_PER_SHARD:
            raise BadFrame(Close.SHARDING_REQUIRED, "Sharding required.")
        if not self._limit.take(wish.shard[0]):
            connection.send(Op.INVALID_SESSION, False)
            return
        connection.transport.compress_payloads = wish.compress
        self._sessions[session.id] = session
        session.attach(connection)
        welcome(session, self._world, connection.base_url)
        self.on_ready()

    def _resume(self, connection: Connection, data: Any) -> None:
        wish = Resume.parse(data, token=self._world.token)
        self._forget_expired()
        session = self._sessions.get(wish.session_id)
        missed = None if session is None else session.missed(wish.seq)
        if session is not None and missed is not None:
            self._replay(connection, session, missed)
            return
        self._sessions.pop(wish.session_id, None)
        if session is not None and wish.seq > session.seq:
            raise BadFrame(Close.INVALID_SEQ, "Invalid seq.")
        connection.send(Op.INVALID_SESSION, False)

    def _replay(self, connection: Connection, session: Session, missed: list[Frame]) -> None:
        if session.connection is not None:
            session.connection.session = None
            session.connection.close(Close.UNKNOWN_ERROR, "Resumed elsewhere.")
        session.attach(connection)
        for frame in missed:
            connection.send_frame(frame)
        session.deliver("RESUMED", {"_trace": []})
        self.on_ready()

    def _send_members(self, connection: Connection, data: Any) -> None:
        session = connection.session
        assert session is not None
        for chunk in member_chunks(self._world, session, data):
            session.deliver("GUILD_MEMBERS_CHUNK", chunk)

    def _part(self, connection: Connection, *, resumable: bool) -> None:
        session, connection.session = connection.session, None
        if session is None:
            return
        session.detach(self._clock.now())
        if not resumable:
            self._sessions.pop(session.id, None)

    def _forget_expired(self) -> None:
        now = self._clock.now()
        self._sessions = {key: session for key, session in self._sessions.items() if not session.expired(now)}


def _check_address(request: web.Request, connection: Connection) -> None:
    if request.query.get("v", VERSION) != VERSION:
        connection.close(Close.INVALID_API_VERSION, "Invalid API version.")
    elif request.query.get("encoding", "json") != "json":
        connection.close(Close.DECODE_ERROR, "Only the json encoding is spoken here.")
