"""The painting page's server: who gets what, and what it bounds."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from painting_kit import ADA, BEN, Studio, open_studio, webp

from bot.letters import TOKEN_LIFE, TOKEN_MARGIN
from config.settings import ConfigError, load_settings
from config.settings import Painting as Settings
from config.words import UserError, say
from painting import server
from painting.paintings import LIFE, MOST, MOST_OF_ONE, Painting
from painting.server import PaintingServer


@pytest.fixture
async def studio() -> AsyncIterator[Studio]:
    async with open_studio() as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def status_of(session: aiohttp.ClientSession, address: str) -> int:
    async with session.get(address) as response:
        return response.status


async def post(session: aiohttp.ClientSession, address: str, body: bytes = b"a mask") -> tuple[int, str]:
    async with session.post(address, data=body) as response:
        return response.status, (await response.json()).get("error", "")


async def test_each_link_shows_its_own_picture(studio: Studio, session: aiohttp.ClientSession) -> None:
    teal, red = studio.open(colour="teal"), studio.open(BEN, colour="red")

    for link, colour in ((teal, "teal"), (red, "red")):
        async with session.get(f"{link}/picture") as response:
            assert response.content_type == "image/webp"
            assert await response.read() == webp((256, 192), colour)


async def test_a_link_takes_one_mask(studio: Studio, session: aiohttp.ClientSession) -> None:
    link = studio.open()
    answers = await asyncio.gather(*[post(session, link) for _ in range(5)])

    assert sorted(status for status, _ in answers) == [200, 404, 404, 404, 404]
    assert studio.masks == [b"a mask"]
    assert await status_of(session, link) == await status_of(session, f"{link}/picture") == 404


async def test_a_mask_that_is_refused_can_be_sent_again(studio: Studio, session: aiohttp.ClientSession) -> None:
    link = studio.open()
    studio.refusal = UserError("bot.budget_spent", limit=5, when="soon")

    assert await post(session, link) == (422, say("bot.budget_spent", limit=5, when="soon"))
    studio.refusal = None
    assert await post(session, link) == (200, "")


async def test_a_failure_is_told_in_words_and_logged_without_the_token(
    studio: Studio, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    link = studio.open()
    studio.refusal = aiohttp.ClientError("the chat cannot be reached")
    status, sentence = await post(session, link)

    assert status == 500
    assert "What you painted is still here" in sentence
    assert sentence.rpartition(" ")[2] in caplog.text
    assert "the chat cannot be reached" in caplog.text
    assert link.rpartition("/")[2] not in caplog.text
    studio.refusal = None
    assert await post(session, link) == (200, "")


async def test_a_link_ends_with_its_time(studio: Studio, session: aiohttp.ClientSession) -> None:
    link = studio.open(until=int(time.time()))

    assert await status_of(session, link) == await status_of(session, f"{link}/picture") == 404
    assert await post(session, link) == (404, say("painting.gone"))


async def test_nothing_of_a_painting_stays_when_its_time_is_over(studio: Studio) -> None:
    person = 4_711
    studio.open(person, until=int(time.time()))
    await asyncio.sleep(0.05)
    gc.collect()

    assert [each for each in gc.get_objects() if isinstance(each, Painting) and each.user_id == person] == []


async def test_a_link_that_nobody_gave_shows_nothing(studio: Studio, session: aiohttp.ClientSession) -> None:
    base = studio.open().rpartition("/")[0]

    for name in ("x", "A" * 75, "%2e%2e", "x" * 5_000):
        assert await status_of(session, f"{base}/{name}") == 404
    assert await status_of(session, f"{base}/../static/../answers.py") == 404


async def test_nothing_of_it_is_kept_shared_or_loaded_from_elsewhere(
    studio: Studio, session: aiohttp.ClientSession
) -> None:
    link = studio.open()
    base = link.partition("/paint/")[0]

    for address in (link, f"{link}/picture", f"{base}/static/app.js", f"{base}/paint/none"):
        async with session.get(address) as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Referrer-Policy"] == "no-referrer"
            assert "Set-Cookie" not in response.headers
            assert "http" not in (await response.text(errors="replace")).replace("http://www.w3.org", "")


async def test_too_large_a_body_is_told_in_words(studio: Studio, session: aiohttp.ClientSession) -> None:
    link = studio.open()

    assert await post(session, link, bytes(server.MASK_BYTES + 1)) == (413, say("painting.too_large"))
    assert await post(session, link) == (200, "")


async def endless(started: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """A body that never ends; the event tells when it is waited for more of it."""
    yield bytes(1 << 16)
    if started is not None:
        started.set()
    await asyncio.Event().wait()


async def test_nothing_is_read_for_a_link_that_opens_nothing(studio: Studio, session: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(5), session.post(f"{studio.open()}x", data=endless()) as response:
        assert response.status == 404


async def test_masks_in_memory_are_bounded_and_who_sends_one_more_waits(
    studio: Studio, session: aiohttp.ClientSession
) -> None:
    begun = [asyncio.Event() for _ in range(server.AT_ONCE)]
    slow = [
        asyncio.create_task(session.post(studio.open(100 + number), data=endless(each)))
        for number, each in enumerate(begun)
    ]
    await asyncio.gather(*[each.wait() for each in begun])
    last = asyncio.create_task(post(session, studio.open()))
    done, _ = await asyncio.wait([last], timeout=0.3)
    assert not done

    slow[0].cancel()
    async with asyncio.timeout(5):
        assert await last == (200, "")
    for each in slow:
        each.cancel()
    await asyncio.gather(*slow, return_exceptions=True)


async def test_an_address_that_asks_too_often_is_told_to_wait(studio: Studio, session: aiohttp.ClientSession) -> None:
    link = studio.open()
    statuses = [await status_of(session, f"{link}x") for _ in range(server.ASKED[0])]

    assert set(statuses) == {404}
    assert await post(session, link) == (429, say("painting.too_often"))


async def test_behind_a_proxy_addresses_are_told_apart(session: aiohttp.ClientSession) -> None:
    async with open_studio(public_url="https://imagine.example.org/") as studio:
        link = studio.open()
        assert link.startswith("https://imagine.example.org/paint/")
        local = link.replace("https://imagine.example.org", f"http://127.0.0.1:{studio.server._runner.addresses[0][1]}")
        for forged in range(server.ASKED[0] + 1):
            headers = {"X-Forwarded-For": f"{forged}.0.0.0, 198.51.100.7"}
            async with session.get(local, headers=headers) as response:
                last = response.status

        assert last == 429
        async with session.get(local, headers={"X-Forwarded-For": "203.0.113.9"}) as response:
            assert response.status == 200


async def test_the_oldest_links_go_where_there_are_too_many(studio: Studio, session: aiohttp.ClientSession) -> None:
    first = studio.open(BEN)
    mine = [studio.open(ADA) for _ in range(MOST_OF_ONE + 1)]

    assert [await status_of(session, each) for each in mine] == [404] + [200] * MOST_OF_ONE
    assert await status_of(session, first) == 200
    others = [studio.open(100 + number) for number in range(MOST - 1)]
    assert [await status_of(session, each) for each in (first, *mine[1:], others[0], others[-1])] == [
        *[404] * (MOST_OF_ONE),
        200,
        200,
        200,
    ]


async def test_a_port_that_is_taken_is_told_to_the_operator(studio: Studio) -> None:
    port = studio.server._runner.addresses[0][1]

    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1, port {port}"):
        await PaintingServer(Settings(port=port), b"key").run()


def test_a_link_ends_before_the_token_by_which_its_answer_goes() -> None:
    assert TOKEN_MARGIN < TOKEN_LIFE - LIFE


def test_a_page_for_others_needs_the_address_by_which_they_reach_it() -> None:
    with pytest.raises(ConfigError, match="public_url is missing"):
        load_settings(painting={"host": "0.0.0.0"})
    assert load_settings(painting={"host": "0.0.0.0", "public_url": "https://a.example"}).painting_page is not None


def test_a_bot_on_discord_has_no_page_unless_it_is_told_to() -> None:
    assert load_settings(discord_token="x" * 20).painting_page is None
    assert load_settings().painting_page == Settings(port=0)
