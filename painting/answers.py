"""What the server answers: the page in somebody's language, errors in words, and what browsers may do with it."""

from functools import cache
from html import escape
from pathlib import Path
from string import Template

from aiohttp import web

from config.words import FALLBACK, FOLDER, say
from painting.paintings import Painting

Facts = dict[str, str | int]

PAGE = Path(__file__).parent / "page"
LOCALES = {path.name for path in FOLDER.iterdir()}
WORDS = (
    "painting.title",
    "painting.how",
    "painting.picture",
    "painting.keys",
    "painting.tool",
    "painting.brush",
    "painting.eraser",
    "painting.size",
    "painting.undo",
    "painting.redo",
    "painting.clear",
    "painting.zoom_in",
    "painting.zoom_out",
    "painting.fit",
    "painting.send",
    "painting.sending",
    "painting.nothing",
    "painting.done",
    "painting.done_title",
    "painting.unreachable",
    "painting.too_late",
    "painting.save",
    "painting.until",
    "painting.no_picture",
    "painting.no_script",
)
GUARDS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def guard(_: web.Request, response: web.StreamResponse) -> None:
    """Let nothing but the page's own parts be loaded, and nothing of it be kept or told to others."""
    response.headers.update(GUARDS)


def locale_of(request: web.Request) -> str:
    """Return the language that the browser asks for first, where there is a translation."""
    asked = request.headers.get("Accept-Language", "").split(",")[0].split(";")[0].strip()
    return next((each for each in (asked, asked.split("-")[0]) if each in LOCALES), FALLBACK)


def page(painting: Painting, token: str) -> web.Response:
    """Return the page on which somebody paints."""
    facts: Facts = {"token": token, "width": painting.width, "height": painting.height, "ends": painting.until}
    return _filled("index.html", painting.locale, facts)


def gone(request: web.Request) -> web.Response:
    """Return a page that says that a link opens nothing."""
    locale = locale_of(request)
    response = _filled("gone.html", locale, {"sentence": say("painting.gone", locale=locale)})
    response.set_status(404)
    return response


def error(sentence: str, status: int) -> web.Response:
    """Return a sentence that the page shows."""
    return web.json_response({"error": sentence}, status=status)


def _filled(name: str, locale: str, facts: Facts) -> web.Response:
    words = {key.partition(".")[2]: say(key, locale=locale) for key in WORDS}
    values = {key: escape(str(value)) for key, value in (words | facts | {"locale": locale}).items()}
    return web.Response(text=_template(name).substitute(values), content_type="text/html")


@cache
def _template(name: str) -> Template:
    return Template((PAGE / name).read_text(encoding="utf-8"))
