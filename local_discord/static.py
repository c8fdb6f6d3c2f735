"""Files for the browser and the clients: the chat page, and the attachment store."""

from pathlib import Path

from aiohttp import web

from local_discord.core import CORE

PAGE = Path(__file__).parent / "page"


def add_routes(app: web.Application) -> None:
    """The page at /, its parts below /page/, attachments below /cdn/."""
    app.router.add_get("/", page)
    app.router.add_static("/page/", PAGE)
    app.on_response_prepare.append(_always_fresh)
    app.router.add_get("/cdn/attachments/{channel:\\d+}/{attachment:\\d+}/{name}", attachment)


async def page(request: web.Request) -> web.StreamResponse:
    """The chat page."""
    return web.FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


async def _always_fresh(request: web.Request, response: web.StreamResponse) -> None:
    """Let no browser keep a part of the page beyond an upgrade."""
    if request.path.startswith("/page/"):
        response.headers["Cache-Control"] = "no-cache"


async def attachment(request: web.Request) -> web.StreamResponse:
    """A file, as long as its address is genuine and has not expired."""
    found = request.app[CORE].files.open(request.path.removeprefix("/cdn"), request.query)
    if found is None:
        return web.Response(status=404, text="This content is no longer available.")
    # A file that somebody sent must never run as a page of this server.
    safe = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
    headers = {**safe, "Access-Control-Allow-Origin": "*", "Content-Type": found.content_type}
    return web.Response(body=found.data, headers=headers)
