"""Discord's rate limits: a bucket per route and top-level resource, one global allowance, and their headers."""

import hashlib
import json
import math
import time
from dataclasses import dataclass
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from local_discord.rest.paths import API


class Allowance(NamedTuple):
    """So many requests in a window of so many seconds."""

    requests: int
    seconds: float


GLOBAL = Allowance(50, 1.0)
#: A route that is not named below; Discord's numbers are unpublished, these are what bots commonly meet.
USUAL = Allowance(50, 1.0)
MESSAGE = "/channels/{channel}/messages/{message}"
TOKEN = "/webhooks/{application}/{token}"  # noqa: S105 - a route, no secret
ROUTES = {
    ("POST", "/channels/{channel}/messages"): Allowance(5, 5.0),
    ("GET", "/channels/{channel}/messages"): Allowance(5, 1.0),
    ("PATCH", MESSAGE): Allowance(5, 5.0),
    ("DELETE", MESSAGE): Allowance(5, 1.0),
    ("POST", "/channels/{channel}/typing"): Allowance(5, 5.0),
    ("POST", TOKEN): Allowance(5, 2.0),
    ("PATCH", f"{TOKEN}/messages/{{message}}"): Allowance(5, 2.0),
    ("DELETE", f"{TOKEN}/messages/{{message}}"): Allowance(5, 2.0),
    ("PUT", "/applications/{application}/commands"): Allowance(5, 20.0),
    ("PUT", "/applications/{application}/guilds/{guild}/commands"): Allowance(5, 20.0),
}
#: What tells two buckets of one route apart.
MAJOR = ("channel", "guild", "token")


@dataclass
class Window:
    """What is left of an allowance until ``ends`` (monotonic seconds)."""

    allowance: Allowance
    left: int = 0
    ends: float = 0.0

    def take(self) -> bool:
        """Count one request; False when the window is spent."""
        now = time.monotonic()
        if now >= self.ends:
            self.left, self.ends = self.allowance.requests, now + self.allowance.seconds
        self.left -= 1
        return self.left >= 0

    @property
    def reset_after(self) -> float:
        """Seconds until the window is over."""
        return max(0.0, self.ends - time.monotonic())


class RateLimits:
    """The middleware; it must stand outside of the one that turns errors into answers."""

    def __init__(self) -> None:
        self._global = Window(GLOBAL)
        self._windows: dict[tuple[str, ...], Window] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request through and tell what is left, or answer 429 without carrying it out."""
        route = _route(request)
        if route is None or route.startswith("/interactions/"):
            return await handler(request)
        if not route.startswith("/webhooks/") and not self._global.take():
            return too_many(self._global.reset_after, scope="global")
        window = self._window(request, route)
        allowed = window.take()
        headers = _headers(window, bucket_id(request.method, route))
        if not allowed:
            return too_many(window.reset_after, scope="user", headers=headers)
        response = await handler(request)
        response.headers.update(headers)
        return response

    def _window(self, request: web.Request, route: str) -> Window:
        key = (request.method, route, *(request.match_info.get(name, "") for name in MAJOR))
        if key not in self._windows:
            self._forget_ended()
            self._windows[key] = Window(ROUTES.get((request.method, route), USUAL))
        return self._windows[key]

    def _forget_ended(self) -> None:
        self._windows = {key: window for key, window in self._windows.items() if window.reset_after > 0}


def too_many(retry_after: float, *, scope: str, headers: dict[str, str] | None = None) -> web.Response:
    """Return Discord's 429; without `Via` client libraries take it for a ban by the proxy and do not retry."""
    everywhere = scope == "global"
    told = {"message": "You are being rate limited.", "code": 0, "global": everywhere}
    body = {**told, "retry_after": round(retry_after, 3)}
    more = {"Retry-After": str(math.ceil(retry_after)), "Via": "1.1 local", "X-RateLimit-Scope": scope}
    if everywhere:
        more["X-RateLimit-Global"] = "true"
    return web.Response(
        status=429,
        body=json.dumps(body).encode(),
        content_type="application/json",
        headers={**(headers or {}), **more},
    )


def bucket_id(method: str, route: str) -> str:
    """Return a route's bucket as the header names it: the same whatever channel or token it is about."""
    return hashlib.sha256(f"{method} {route}".encode()).hexdigest()[:32]


def _route(request: web.Request) -> str | None:
    resource = request.match_info.route.resource
    prefix = API.split("{", 1)[0]
    if resource is None or not resource.canonical.startswith(prefix):
        return None
    return "/" + resource.canonical.removeprefix(prefix).split("/", 1)[1]


def _headers(window: Window, bucket: str) -> dict[str, str]:
    after = window.reset_after
    return {
        "X-RateLimit-Limit": str(window.allowance.requests),
        "X-RateLimit-Remaining": str(max(0, window.left)),
        "X-RateLimit-Reset": f"{time.time() + after:.3f}",
        "X-RateLimit-Reset-After": f"{after:.3f}",
        "X-RateLimit-Bucket": bucket,
    }
