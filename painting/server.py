"""The web server of the page: `await server.run()` listens until it is cancelled."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from secrets import token_hex

from aiohttp import web

from config.settings import ConfigError
from config.settings import Painting as Settings
from config.words import UserError, say
from painting import answers
from painting.answers import PAGE
from painting.paintings import Painting, Paintings
from painting.throttle import Throttle

MASK_BYTES = 8 << 20
AT_ONCE = 16  # masks in memory; whoever sends another waits
BODY_SECONDS = 60.0
SHUTDOWN_SECONDS = 1.0
ASKED = (240, 60.0)  # requests of one address, and the seconds in which it may make so many
ADDRESS_LENGTH = 64
TOKEN = "{token:[A-Za-z0-9_-]{1,200}}"  # noqa: S105 - the place of one in an address

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PaintingServer:
    """Shows pictures to who has a link to them, and takes the masks that were painted on them.

    Its log tells no addresses: they hold the tokens.
    """

    def __init__(self, settings: Settings, key: bytes) -> None:
        self._settings = settings
        self._paintings = Paintings(key)
        self._throttle = Throttle(*ASKED)
        self._masks = asyncio.Semaphore(AT_ONCE)
        self._base = settings.public_url
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)

    @property
    def listens(self) -> bool:
        """Whether the page is there."""
        return bool(self._runner.addresses)

    def open(self, painting: Painting) -> str:
        """Return the address at which somebody can paint, while the page is there."""
        assert self._base is not None, "it listens"
        return f"{self._base.rstrip('/')}/paint/{self._paintings.open(painting)}"

    async def run(self) -> None:
        """Listen until cancelled. Raises ConfigError where that is not possible."""
        host, port = self._settings.host, self._settings.port
        await self._runner.setup()
        try:
            await self._listen(host, port)
            await asyncio.Event().wait()
        finally:
            await self._runner.cleanup()

    async def _listen(self, host: str, port: int) -> None:
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            raise ConfigError(f"painting: cannot listen on {host}, port {port}: {error}") from error
        if self._base is None:
            shown = f"[{host}]" if ":" in host else host
            self._base = f"http://{shown}:{self._runner.addresses[0][1]}"

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[_explain, self._bound], client_max_size=MASK_BYTES)
        app.router.add_get(f"/paint/{TOKEN}", self._page)
        app.router.add_post(f"/paint/{TOKEN}", self._take)
        app.router.add_get(f"/paint/{TOKEN}/picture", self._picture)
        app.router.add_static("/static/", PAGE)
        app.on_response_prepare.append(answers.guard)
        return app

    @web.middleware
    async def _bound(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let no address ask too often; what it has painted stays on its screen meanwhile."""
        if self._throttle.lets(self._address(request)):
            return await handler(request)
        return answers.error(say("painting.too_often", locale=answers.locale_of(request)), 429)

    def _address(self, request: web.Request) -> str:
        """Return who asks; where the page is published, the proxy before it knows."""
        told = request.headers.get("X-Forwarded-For", "") if self._settings.public_url else ""
        return told.rpartition(",")[2].strip()[:ADDRESS_LENGTH] or request.remote or ""

    async def _page(self, request: web.Request) -> web.StreamResponse:
        painting = self._paintings.find(request.match_info["token"])
        return answers.gone(request) if painting is None else answers.page(painting, request.match_info["token"])

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        painting = self._paintings.find(request.match_info["token"])
        if painting is None:
            return answers.gone(request)
        try:
            return web.Response(body=await painting.picture(), content_type="image/webp")
        except UserError as error:
            return answers.error(error.sentence(painting.locale), 404)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        """Take a mask; whatever keeps it from being taken is told, and the link stays good.

        Nothing is read but for a link that is good, and for each one mask at a time.
        """
        token = request.match_info["token"]
        locale = answers.locale_of(request)
        painting = self._paintings.find(token)
        if painting is None:
            return answers.error(say("painting.gone", locale=locale), 404)
        async with painting.turn, self._masks:
            if self._paintings.find(token) is None:  # it was sent twice, and the first one was taken meanwhile
                return answers.error(say("painting.gone", locale=locale), 404)
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    mask = await request.read()
            except (web.HTTPRequestEntityTooLarge, TimeoutError):
                return answers.error(say("painting.too_large", locale=locale), 413)
            return await self._submit(token, painting, mask)

    async def _submit(self, token: str, painting: Painting, mask: bytes) -> web.StreamResponse:
        try:
            await painting.submit(mask)
        except UserError as error:
            return answers.error(error.sentence(painting.locale), 422)
        self._paintings.close(token)
        return web.json_response({})


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Say that something went wrong, where that is all there is to say; the log has the rest."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except Exception:
        reference = token_hex(4)
        log.exception("reference %s: the painting page failed", reference)
        locale = answers.locale_of(request)
        return answers.error(say("painting.failed", locale=locale, reference=reference), 500)
