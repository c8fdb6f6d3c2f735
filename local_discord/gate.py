"""The REST API's two gates: the bot's token on the way in, Discord's form for errors on the way out."""

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware
from yarl import URL

from local_discord.body import answer
from local_discord.core import CORE
from local_discord.errors import ApiError, method_not_allowed, not_found, too_large, unauthorized

log = logging.getLogger(__name__)

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared with, not bound to

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# An interaction's own token stands in the address of these.
_OPEN = re.compile(r"/api/v\d+/(?:interactions|webhooks)/")


def neighbours(host: str) -> Middleware:
    """Return a gate that keeps out web pages of other places, which a browser on this machine may have open.

    They are known by their Origin, and by a Host that is not ours (DNS rebinding). Whoever listens on every
    address wants guests, and gets them by any name.
    """
    names = _LOOPBACK | {host}

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        foreign_page = origin is not None and URL(origin).authority != request.host
        foreign_name = host not in _EVERYWHERE and URL(f"http://{request.host}").host not in names
        if foreign_page or foreign_name:
            return answer({"error": "This server talks to its own page only."}, 403)
        return await handler(request)

    return gate


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Write every error of the API as Discord does."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await handler(request)
    except ApiError as error:
        return answer(error.body(), error.status)
    except web.HTTPNotFound:
        return answer(not_found().body(), 404)
    except web.HTTPMethodNotAllowed:
        return answer(method_not_allowed().body(), 405)
    except web.HTTPRequestEntityTooLarge:
        return answer(too_large().body(), 413)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return answer({"message": "500: Internal Server Error", "code": 0}, 500)


@web.middleware
async def token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Ask for the bot's token where no interaction's token is in the address."""
    if request.path.startswith("/api/") and not _OPEN.match(request.path):
        expected = f"Bot {request.app[CORE].world.token}"
        if request.headers.get("Authorization") != expected and not request.path.endswith("/gateway"):
            raise unauthorized()
    return await handler(request)
