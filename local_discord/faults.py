"""Faults to order: rules that wait for their occasion, and what they then do to the gateway or to a request."""

import asyncio
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from local_discord.body import answer
from local_discord.fault_rules import BadRule, Rule, parse_rules
from local_discord.gateway import Gateway
from local_discord.guild import Json
from local_discord.ratelimits import too_many

GATEWAY_KINDS = ("gateway_drop", "gateway_reconnect", "invalid_session")


class Faults:
    """The ordered rules, the calls that order them, and the middleware through which they strike.

    A gateway rule strikes at once if the bot is connected, and each time it has left to strike, when a connection has
    become ready again. ``expire_tokens`` ends every interaction token given out so far.
    """

    def __init__(self, gateway: Gateway, expire_tokens: Callable[[], None]) -> None:
        self._gateway = gateway
        self._expire_tokens = expire_tokens
        self._rules: list[Rule] = []
        gateway.on_ready = self._strike_gateway

    def add_routes(self, app: web.Application) -> None:
        """Serve /local/faults."""
        app.router.add_get("/local/faults", self._read)
        app.router.add_post("/local/faults", self._order)
        app.router.add_delete("/local/faults", self._clear)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Delay, refuse or lose a request as ordered; the calls under /local are spared."""
        if request.path.startswith("/local/"):
            return await handler(request)
        if delay := self._take("rest_delay", request):
            await asyncio.sleep(delay.fields["seconds"])
        if refusal := self._take("rest", request):
            return _refused(refusal.fields)
        lost = self._take("lost_answer", request)
        try:
            return await handler(request)
        finally:
            if lost and request.transport is not None:
                request.transport.abort()

    async def _read(self, _: web.Request) -> web.Response:
        return answer([rule.payload() for rule in self._rules])

    async def _clear(self, _: web.Request) -> web.Response:
        self._rules.clear()
        return answer([])

    async def _order(self, request: web.Request) -> web.Response:
        try:
            rules = parse_rules(await request.text())
        except BadRule as error:
            return answer({"error": str(error)}, 400)
        self._rules += [rule for rule in rules if rule.kind != "expire_tokens"]
        if any(rule.kind == "expire_tokens" for rule in rules):
            self._expire_tokens()
        self._strike_gateway()
        return answer([rule.payload() for rule in self._rules])

    def _take(self, kind: str, request: web.Request | None = None) -> Rule | None:
        for rule in self._rules:
            if rule.kind == kind and (request is None or rule.meets(request)):
                if rule.times is not None:
                    rule.times -= 1
                self._rules = [rule for rule in self._rules if rule.times != 0]
                return rule
        return None

    def _strike_gateway(self) -> None:
        for kind in GATEWAY_KINDS:
            rule = self._take(kind) if self._gateway.online else None
            if rule is not None:
                self._strike(rule)

    def _strike(self, rule: Rule) -> None:
        match rule.kind:
            case "gateway_drop":
                fields = rule.fields
                self._gateway.drop(fields["code"], resumable=fields["resumable"], shard=fields["shard"])
            case "gateway_reconnect":
                self._gateway.request_reconnect()
            case "invalid_session":
                self._gateway.invalidate(resumable=rule.fields["resumable"])


def _refused(fields: Json) -> web.Response:
    if fields["status"] == 429:
        return too_many(fields["retry_after"], scope=fields["scope"])
    status = web.Response(status=fields["status"])
    return answer({"message": f"{status.status}: {status.reason}", "code": 0}, status.status)
