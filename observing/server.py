"""The endpoint for monitoring: /metrics, /health and /health/ready."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Self

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from config.settings import ConfigError, Observing
from observing.gauges import Gauges
from observing.health import examine
from observing.snapshot import Snapshot

LOOK_SECONDS = 5.0
SHUTDOWN_SECONDS = 1.0
STANDS_BY = "it starts, or waits for the database that another bot has"
STARTS = "no shard has been connected yet"

log = logging.getLogger(__name__)

Look = Callable[[], Awaitable[Snapshot]]


class ObservingServer:
    """Tells programs how the bot fares.

    Until there is something to look at, it stands by; until a shard was connected once, it starts. Neither is ill.
    """

    def __init__(self, settings: Observing) -> None:
        self._settings = settings
        self._gauges = Gauges()
        self._registry: CollectorRegistry | None = None
        self._look: Look | None = None
        self._was_connected = False
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._runner.addresses[0][1])

    async def __aenter__(self) -> Self:
        """Listen. Raises ConfigError where that is not possible."""
        host, port = self._settings.host, self._settings.port
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise ConfigError(f"observing: cannot listen on {host}, port {port}: {error}") from error
        log.info("monitoring listens on %s, port %s", host, self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def watch(self, registry: CollectorRegistry, look: Look) -> None:
        """Tell of a bot that serves from now on: what it counts, and how things stand with it."""
        registry.register(self._gauges)
        self._registry, self._look = registry, look

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[_in_time])
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/health", self._health)
        app.router.add_get("/health/ready", self._ready)
        return app

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        if self._registry is None or self._look is None:
            raise web.HTTPServiceUnavailable(text=STANDS_BY)
        self._gauges.snapshot = await self._look()
        encode, kind = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=await asyncio.to_thread(encode, self._registry), headers={"Content-Type": kind})

    async def _health(self, _: web.Request) -> web.StreamResponse:
        return await self._judge(not_yet=200)

    async def _ready(self, _: web.Request) -> web.StreamResponse:
        return await self._judge(not_yet=503)

    async def _judge(self, *, not_yet: int) -> web.StreamResponse:
        if self._look is None:
            return web.json_response({"status": "standing by", "reason": STANDS_BY}, status=not_yet)
        now = await self._look()
        self._was_connected |= now.connected > 0
        if not self._was_connected:
            return web.json_response({"status": "starting", "reason": STARTS}, status=not_yet)
        checks = list(examine(now))
        well = all(check.well for check in checks)
        told = {check.name: {"well": check.well, "reason": check.reason} for check in checks}
        return web.json_response({"status": "well" if well else "ill", **told}, status=200 if well else 503)


@asynccontextmanager
async def open_observing(settings: Observing | None) -> AsyncIterator[ObservingServer | None]:
    """Give the endpoint, where there is to be one."""
    if settings is None:
        yield None
        return
    async with ObservingServer(settings) as server:
        yield server


@web.middleware
async def _in_time(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer in time, and without a word of what went wrong inside."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await handler(request)
    except web.HTTPException:
        raise
    except TimeoutError:
        return web.json_response({"status": "ill", "reason": "it does not answer in time"}, status=503)
    except Exception:
        log.exception("the endpoint for monitoring failed")
        return web.json_response({"status": "ill", "reason": "something failed inside; the log has more"}, status=500)
