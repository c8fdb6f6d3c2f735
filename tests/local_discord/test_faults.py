"""Ordered faults: what a rule must look like, when it strikes, and what it does."""

import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from gateway_kit import GUILDS
from local_discord_kit import Bot, Person

from local_discord.clock import Clock
from local_discord.faults import Faults
from local_discord.gateway import Gateway
from local_discord.world import World


class Bench:
    """A server with one REST route that counts its calls, a gateway, and faults over both."""

    def __init__(self) -> None:
        clock = Clock()
        self.carried_out = 0
        self.expired = 0
        self.world = World(clock)
        self.gateway = Gateway(self.world, clock, identify_window=0)
        faults = Faults(self.gateway, self._expire)
        app = web.Application(middlewares=[faults.middleware])
        app.router.add_route("*", "/api/v10/webhooks/1/t", self._served)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_post("/local/say", self._served)
        faults.add_routes(app)
        self.http = TestClient(TestServer(app))

    async def order(self, *rules: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.http.post("/local/faults", json=list(rules))
        assert answer.status == 200
        return list(await answer.json())

    async def patch(self) -> aiohttp.ClientResponse:
        return await self.http.patch("/api/v10/webhooks/1/t")

    async def login(self) -> aiohttp.ClientWebSocketResponse:
        socket = await self.http.ws_connect("/gateway")
        await socket.send_json({"op": 2, "d": {"token": self.world.token, "properties": {}, "intents": GUILDS}})
        for _ in ("HELLO", "READY", "GUILD_CREATE"):
            await socket.receive_json(timeout=5)
        return socket

    async def _served(self, _: web.Request) -> web.Response:
        self.carried_out += 1
        return web.json_response({})

    def _expire(self) -> None:
        self.expired += 1


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    async with bench.http:
        yield bench
        await bench.gateway.close()


async def test_a_rest_fault_strikes_as_often_as_ordered_and_carries_nothing_out(bench: Bench) -> None:
    await bench.order({"kind": "rest", "status": 503, "times": 2})
    statuses = [(await bench.patch()).status for _ in range(3)]

    assert statuses == [503, 503, 200]
    assert bench.carried_out == 1


async def test_a_fault_strikes_only_its_method_and_path(bench: Bench) -> None:
    await bench.order(
        {"kind": "rest", "status": 500, "method": "POST", "path": "/webhooks/"},
        {"kind": "rest", "status": 500, "path": "/channels/"},
    )

    assert (await bench.patch()).status == 200
    assert (await bench.http.post("/api/v10/webhooks/1/t")).status == 500


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_an_ordered_429_looks_like_discords(bench: Bench, scope: str) -> None:
    await bench.order({"kind": "rest", "status": 429, "retry_after": 0.5, "scope": scope})
    answer = await bench.patch()
    body = await answer.json()

    assert answer.status == 429
    assert (body["retry_after"], body["global"]) == (0.5, scope == "global")
    assert answer.headers["X-RateLimit-Scope"] == scope
    assert answer.headers["Via"]
    assert answer.headers["Retry-After"] == "1"


async def test_a_delay_holds_the_answer_back(bench: Bench) -> None:
    await bench.order({"kind": "rest_delay", "seconds": 0.2})
    started = time.monotonic()
    await bench.patch()

    assert time.monotonic() - started >= 0.2


async def test_a_lost_answer_is_carried_out_and_never_arrives(bench: Bench) -> None:
    await bench.order({"kind": "lost_answer", "path": "/webhooks/"})
    with pytest.raises(aiohttp.ClientError):
        await bench.patch()

    assert bench.carried_out == 1
    assert (await bench.patch()).status == 200


async def test_what_people_do_is_spared(bench: Bench) -> None:
    await bench.order({"kind": "rest", "status": 500, "path": "/", "times": None})

    assert (await bench.http.post("/local/say")).status == 200
    assert (await bench.patch()).status == 500


async def test_rules_can_be_read_and_cleared(bench: Bench) -> None:
    await bench.order({"kind": "rest", "status": 502, "times": None}, {"kind": "rest_delay", "seconds": 0})
    await bench.patch()
    left = await (await bench.http.get("/local/faults")).json()
    cleared = await (await bench.http.delete("/local/faults")).json()

    assert [(rule["kind"], rule["times"]) for rule in left] == [("rest", None)]
    assert cleared == []
    assert (await bench.patch()).status == 200


async def test_a_drop_strikes_at_once_and_again_when_the_client_is_back(bench: Bench) -> None:
    socket = await bench.login()
    left = await bench.order({"kind": "gateway_drop", "code": 4000, "times": 2})
    closed = await socket.receive(timeout=5)

    assert left[0]["times"] == 1
    assert closed.data == 4000

    again = await bench.login()

    assert (await again.receive(timeout=5)).data == 4000
    assert await (await bench.http.get("/local/faults")).json() == []


async def test_a_drop_without_a_close_frame_just_breaks(bench: Bench) -> None:
    socket = await bench.login()
    await bench.order({"kind": "gateway_drop"})
    broken = await socket.receive(timeout=5)

    assert broken.type is not aiohttp.WSMsgType.CLOSE
    assert socket.close_code == 1006


async def test_a_gateway_fault_waits_for_a_client(bench: Bench) -> None:
    waiting = await bench.order({"kind": "gateway_reconnect"})
    socket = await bench.login()
    told = await socket.receive_json(timeout=5)

    assert waiting[0]["times"] == 1
    assert told["op"] == 7


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_is_told_with_its_flag(bench: Bench, resumable: bool) -> None:
    socket = await bench.login()
    await bench.order({"kind": "invalid_session", "resumable": resumable})
    told = await socket.receive_json(timeout=5)

    assert (told["op"], told["d"]) == (9, resumable)


async def test_expired_tokens_expire_at_once(bench: Bench) -> None:
    assert await bench.order({"kind": "expire_tokens"}) == []
    assert bench.expired == 1


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("nonsense", "The body is a JSON list of rules."),
        ('{"kind": "rest"}', "The body is a JSON list of rules."),
        ("[1]", "A rule is an object whose kind is one of"),
        ('[{"kind": []}]', "A rule is an object whose kind is one of"),
        ('[{"kind": "meteor"}]', "A rule is an object whose kind is one of gateway_drop,"),
        ('[{"kind": "rest"}]', "rest: status needed."),
        ('[{"kind": "rest", "status": 42}]', "rest: status must be an HTTP status from 200 to 599."),
        ('[{"kind": "rest", "status": 500, "code": 3}]', "rest: no field code."),
        ('[{"kind": "rest", "status": 500, "path": 3}]', "rest: path must be"),
        ('[{"kind": "rest", "status": 500, "method": "patch"}]', "rest: method must be a method in capitals"),
        ('[{"kind": "rest", "status": 429, "scope": "all"}]', "rest: scope must be user, global or shared."),
        ('[{"kind": "rest_delay", "seconds": -1}]', "rest_delay: seconds must be seconds from 0"),
        ('[{"kind": "rest_delay", "seconds": true}]', "rest_delay: seconds must be"),
        ('[{"kind": "gateway_drop", "code": 1005}]', "gateway_drop: code must be a websocket close code"),
        ('[{"kind": "gateway_drop", "times": 0}]', "gateway_drop: times must be a positive whole number"),
        ('[{"kind": "invalid_session", "resumable": 1}]', "invalid_session: resumable must be true or false."),
    ],
)
async def test_a_bad_rule_is_refused_in_words_and_none_of_its_list_is_ordered(
    bench: Bench, body: str, sentence: str
) -> None:
    text = body.replace("[{", '[{"kind": "gateway_drop"}, {', 1)
    answer = await bench.http.post("/local/faults", data=text)
    left = await (await bench.http.get("/local/faults")).json()

    assert answer.status == 400
    assert (await answer.json())["error"].startswith(sentence)
    assert left == []


async def test_expired_tokens_are_refused_by_the_whole_server(bot: Bot, ada: Person) -> None:
    await bot.command()
    await ada.run("/imagine")
    asked = await bot.interaction()
    await bot.respond(asked, 5)
    await ada.session.post(f"{ada.base}/local/faults", json=[{"kind": "expire_tokens"}])
    late = await bot.webhook("PATCH", asked, {"content": "late"}, which="@original")

    assert (late.status, late.code) == (401, 50027)


async def test_the_whole_server_refuses_by_order_and_by_itself(bot: Bot, ada: Person, studio: int) -> None:
    rules = [{"kind": "rest", "status": 429, "path": "/messages"}, {"kind": "rest_delay", "seconds": 0.1}]
    await ada.session.post(f"{ada.base}/local/faults", json=rules)
    replies = [await bot.call("POST", f"/channels/{studio}/messages", {"content": str(n)}) for n in range(7)]

    assert [reply.status for reply in replies] == [429, 200, 200, 200, 200, 200, 429]
    assert [message["content"] for message in await ada.messages()] == ["1", "2", "3", "4", "5"]
