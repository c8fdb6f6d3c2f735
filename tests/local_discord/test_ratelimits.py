"""Rate limits as a client meets them: headers that count down, and 429 when they are ignored."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from discord.http import HTTPClient, Route

from local_discord.ratelimits import GLOBAL, RateLimits
from local_discord.rest.paths import API

MESSAGES = "/api/v10/channels/{}/messages"


@pytest.fixture
async def client() -> AsyncIterator[TestClient]:
    async def served(_: web.Request) -> web.Response:
        return web.json_response({})

    app = web.Application(middlewares=[RateLimits().middleware])
    app.router.add_post(f"{API}/channels/{{channel}}/messages", served)
    app.router.add_get(f"{API}/channels/{{channel}}/messages", served)
    app.router.add_post(f"{API}/interactions/{{interaction}}/{{token}}/callback", served)
    app.router.add_post(f"{API}/webhooks/{{application}}/{{token}}", served)
    app.router.add_get(f"{API}/users/{{user}}", served)
    app.router.add_get("/local/world", served)
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_headers_count_down_and_name_the_reset(client: TestClient) -> None:
    first = (await client.post(MESSAGES.format(1))).headers
    await asyncio.sleep(0.01)
    second = (await client.post(MESSAGES.format(1))).headers

    assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("5", "4")
    assert second["X-RateLimit-Remaining"] == "3"
    assert 0 < float(second["X-RateLimit-Reset-After"]) < float(first["X-RateLimit-Reset-After"]) <= 5
    assert float(first["X-RateLimit-Reset"]) == pytest.approx(time.time() + 5, abs=1)
    assert "X-RateLimit-Scope" not in first


async def test_the_sixth_message_in_a_channel_is_refused_but_not_in_another(client: TestClient) -> None:
    for _ in range(5):
        assert (await client.post(MESSAGES.format(1))).status == 200
    refused = await client.post(MESSAGES.format(1))
    other = await client.post(MESSAGES.format(2))
    body = await refused.json()

    assert refused.status == 429
    assert refused.content_type == "application/json"
    assert (body["message"], body["global"]) == ("You are being rate limited.", False)
    assert 0 < body["retry_after"] <= 5
    assert int(refused.headers["Retry-After"]) >= body["retry_after"]
    assert refused.headers["Via"]
    assert refused.headers["X-RateLimit-Scope"] == "user"
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert other.status == 200
    assert other.headers["X-RateLimit-Bucket"] == refused.headers["X-RateLimit-Bucket"]


async def test_a_window_that_has_passed_is_forgotten(client: TestClient) -> None:
    for _ in range(5):
        await client.get(MESSAGES.format(1))
    refused = await client.get(MESSAGES.format(1))
    started = time.monotonic()
    while (await client.get(MESSAGES.format(1))).status == 429:
        assert time.monotonic() - started < 30

    assert refused.status == 429
    assert time.monotonic() - started >= (await refused.json())["retry_after"] - 0.1


async def test_the_global_allowance_counts_every_route_but_those_of_interactions(client: TestClient) -> None:
    for number in range(GLOBAL.requests):
        assert (await client.post(f"/api/v10/interactions/{number}/t/callback")).status == 200
        assert (await client.post(f"/api/v10/webhooks/1/{number}")).status == 200
    statuses = [(await client.get(f"/api/v10/users/{number}")).status for number in range(GLOBAL.requests)]
    refused = await client.post(MESSAGES.format(1))

    assert statuses == [200] * GLOBAL.requests
    assert refused.status == 429
    assert (await refused.json())["global"] is True
    assert refused.headers["X-RateLimit-Global"] == "true"
    assert refused.headers["X-RateLimit-Scope"] == "global"
    assert (await client.post("/api/v10/interactions/1/t/callback")).status == 200


async def test_calls_outside_the_api_are_neither_counted_nor_marked(client: TestClient) -> None:
    for _ in range(GLOBAL.requests + 1):
        answer = await client.get("/local/world")

    assert answer.status == 200
    assert "X-RateLimit-Limit" not in answer.headers


async def test_discord_py_keeps_to_the_headers_and_loses_nothing(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Route, "BASE", str(client.make_url("/api/v10")))
    http = HTTPClient(asyncio.get_running_loop())
    await http.static_login("token")
    try:
        for _ in range(7):
            await http.request(Route("GET", "/channels/{channel_id}/messages", channel_id=1))
    finally:
        await http.close()

    assert "429" not in caplog.text
