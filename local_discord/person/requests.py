"""Reading a person's request, and answering it."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from local_discord.body import answer, read_form
from local_discord.core import CORE
from local_discord.errors import ApiError
from local_discord.person.places import Act, Refused


async def body_act(request: web.Request) -> Act:
    """The act that a request's body describes."""
    told, uploads = await read_form(request)
    if not isinstance(told, dict):
        raise Refused("The body must be a JSON object.")
    return Act(request.app[CORE], told, uploads)


def query_act(request: web.Request) -> Act:
    """The act that a request's query describes."""
    return Act(request.app[CORE], request.query, [])


@web.middleware
async def sentences(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Under /local, errors are a sentence in `error`."""
    if not request.path.startswith("/local/"):
        return await handler(request)
    try:
        return await handler(request)
    except Refused as refused:
        return answer({"error": refused.sentence}, refused.status)
    except ApiError as error:
        large = "A file may be at most 10 MiB, and all together 25 MiB."
        return answer({"error": large if error.status == 413 else f"{error.message}."}, 400)
    except web.HTTPException as error:
        return answer({"error": error.reason}, error.status)
