"""The REST API's two gates: the bot's token on the way in, Discord's form for errors on the way out."""

import logging
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from local_discord.body import answer
from local_discord.core import CORE
from local_discord.errors import ApiError, method_not_allowed, not_found, too_large, unauthorized

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
# An interaction's own token stands in the address of these.
_OPEN = re.compile(r"/api/v\d+/(?:interactions|webhooks)/")


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
