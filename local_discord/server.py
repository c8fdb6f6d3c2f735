"""The whole server: `async with LocalDiscord() as server` listens until the block ends."""

from types import TracebackType
from typing import Self

from aiohttp import web

from local_discord import gate, static
from local_discord.attachments import MAX_REQUEST
from local_discord.clock import Clock
from local_discord.core import CORE, Core
from local_discord.faults import Faults
from local_discord.gateway import Gateway
from local_discord.guild import Json
from local_discord.person import acting, ordering, reading
from local_discord.person.reading import describe
from local_discord.person.requests import sentences
from local_discord.ratelimits import RateLimits
from local_discord.rest import application, commands, guilds, interactions, messages
from local_discord.world import World

_ROUTES = (application, guilds, messages, commands, interactions, acting, reading, ordering, static)
_SHUTDOWN_SECONDS = 1.0


class LocalDiscord:
    """A Discord-compatible server on `host` and `port`; port 0 takes a free one.

    `max_concurrency` shards may identify at once, as Discord lets large bots.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, max_concurrency: int = 1) -> None:
        self._host = host
        self._port = port
        self.clock = Clock()
        self.world = World(self.clock)
        self.gateway = Gateway(self.world, self.clock, max_concurrency=max_concurrency)
        self.core = Core(self.world, self.gateway)
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)

    @property
    def base(self) -> str:
        """The server's own address, without a slash at its end."""
        return self.core.base

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.token

    def describe(self) -> Json:
        """The start-up line's object."""
        return {**describe(self.core), "token": self.token}

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        port = self._runner.addresses[0][1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.core.listen_at(f"http://{host}:{port}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.core.close()
        await self.gateway.close()
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        faults = Faults(self.gateway, self.core.interactions.expire_all)
        gates = [
            gate.neighbours(self._host),
            faults.middleware,
            RateLimits().middleware,
            sentences,
            gate.errors,
            gate.token,
        ]
        app = web.Application(middlewares=gates, client_max_size=MAX_REQUEST)
        faults.add_routes(app)
        app[CORE] = self.core
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        for module in _ROUTES:
            module.add_routes(app)
        return app
