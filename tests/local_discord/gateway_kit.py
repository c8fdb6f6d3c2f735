"""A gateway on a port of its own, and a raw client that speaks to it frame by frame."""

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from local_discord.clock import Clock
from local_discord.core import CORE, Core
from local_discord.gateway import Gateway
from local_discord.rest import application
from local_discord.world import World

GUILDS = 1 << 0
SECONDS = 5.0


@dataclass
class RawClient:
    """One websocket; `text()` and `events` hold back nothing the server said."""

    socket: aiohttp.ClientWebSocketResponse
    inflate: Any = None
    seq: int | None = None
    seen: list[str] = field(default_factory=list)

    async def receive(self) -> dict[str, Any]:
        """The next payload; AssertionError when the connection closes instead."""
        message = await self.socket.receive(timeout=SECONDS)
        if message.type is aiohttp.WSMsgType.BINARY:
            text = self.inflate.decompress(message.data) if self.inflate else zlib.decompress(message.data)
            payload = json.loads(text)
        else:
            assert message.type is aiohttp.WSMsgType.TEXT, f"closed with {self.socket.close_code}"
            payload = json.loads(message.data)
        if payload["s"] is not None:
            self.seq = payload["s"]
        return dict(payload)

    async def event(self, name: str) -> Any:
        """The data of the next event of that name; all names passed over are kept in `seen`."""
        while True:
            payload = await self.receive()
            if payload["op"] == 0:
                self.seen.append(payload["t"])
            if payload["t"] == name:
                return payload["d"]

    async def op(self, op: int) -> dict[str, Any]:
        """The next payload with that opcode."""
        while (payload := await self.receive())["op"] != op:
            pass
        return payload

    async def send(self, op: int, data: Any = None) -> None:
        await self.socket.send_str(json.dumps({"op": op, "d": data}))

    async def identify(self, token: str, **more: Any) -> Any:
        """Log in and return READY's data."""
        await self.send(2, {"token": token, "properties": {}, "intents": GUILDS, **more})
        return await self.event("READY")

    async def resume(self, token: str, session_id: str, seq: int) -> None:
        await self.send(6, {"token": token, "session_id": session_id, "seq": seq})

    async def closed(self) -> int | None:
        """Read until the server closes; its code."""
        while not self.socket.closed:
            await self.socket.receive(timeout=SECONDS)
        return self.socket.close_code


class Place:
    """A world, its gateway, and clients of it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, world: World, clock: Clock, gateway: Gateway) -> None:
        self.url, self.world, self.clock, self.gateway = url, world, clock, gateway
        self._http = http

    async def connect(self, **query: str) -> RawClient:
        """A websocket that has said nothing yet; HELLO is still to be read."""
        socket = await self._http.ws_connect(self.url, params={"v": "10", "encoding": "json", **query})
        return RawClient(socket, zlib.decompressobj() if query.get("compress") == "zlib-stream" else None)

    async def login(self, **identify: Any) -> tuple[RawClient, Any]:
        """A client that has read READY."""
        client = await self.connect()
        return client, await client.identify(self.world.token, **identify)

    def say(self, number: int, guild_id: int | None = None) -> None:
        """Dispatch a numbered event to a guild, the first unless told."""
        home = self.world.home.id if guild_id is None else guild_id
        self.gateway.dispatch("CHANNEL_UPDATE", {"number": number, "guild_id": str(home)}, guild_id=home)


@asynccontextmanager
async def running_gateway(
    *, heartbeat: float = 41.25, identify_window: float = 0.0, max_concurrency: int = 1
) -> AsyncIterator[Place]:
    """Serve a gateway until the block ends."""
    clock = Clock()
    world = World(clock)
    gateway = Gateway(
        world, clock, heartbeat=heartbeat, identify_window=identify_window, max_concurrency=max_concurrency
    )
    app = web.Application()
    app[CORE] = core = Core(world, gateway)
    app.router.add_get("/gateway", gateway.handle)
    application.add_routes(app)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        core.listen_at(str(server.make_url("")).rstrip("/"))
        try:
            yield Place(http, str(server.make_url("/gateway")), world, clock, gateway)
        finally:
            core.close()
            await gateway.close()
