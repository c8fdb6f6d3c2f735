"""Sessions outlive their connections: replay without loss, and when there is none."""

from collections.abc import AsyncIterator

import pytest
from gateway_kit import Place, RawClient, running_gateway

from local_discord.gateway_session import REPLAY_EVENTS, RESUME_WINDOW


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with running_gateway() as place:
        yield place


async def _replayed(client: RawClient) -> list[int]:
    numbers = []
    while (payload := await client.receive())["t"] != "RESUMED":
        if payload["t"] == "CHANNEL_UPDATE":
            numbers.append(payload["d"]["number"])
    return numbers


async def _settled(place: Place) -> tuple[RawClient, str]:
    client, ready = await place.login()
    await client.event("GUILD_CREATE")
    return client, ready["session_id"]


@pytest.mark.parametrize("code", [1006, 4000, 4009, 1000, 1001])
async def test_what_was_missed_during_a_drop_is_replayed_in_order(place: Place, code: int) -> None:
    client, session_id = await _settled(place)
    place.say(1)
    await client.event("CHANNEL_UPDATE")
    place.gateway.drop(code)
    for number in (2, 3, 4):
        place.say(number)
    again = await place.connect()
    await again.resume(place.world.token, session_id, client.seq or 0)

    assert await _replayed(again) == [2, 3, 4]

    place.say(5)

    assert (await again.event("CHANNEL_UPDATE"))["number"] == 5


async def test_what_was_sent_but_not_read_is_replayed_too(place: Place) -> None:
    client, session_id = await _settled(place)
    for number in (1, 2, 3):
        place.say(number)
    place.gateway.drop(1006)
    again = await place.connect()
    await again.resume(place.world.token, session_id, client.seq or 0)

    assert await _replayed(again) == [1, 2, 3]


async def test_an_order_to_drop_for_good_ends_the_session(place: Place) -> None:
    client, session_id = await _settled(place)
    place.gateway.drop(4000, resumable=False)

    assert await client.closed() == 4000
    assert await _refused(place, session_id, client.seq or 0)


@pytest.mark.parametrize("code", [1000, 1001])
async def test_a_client_that_leaves_for_good_ends_its_session(place: Place, code: int) -> None:
    client, session_id = await _settled(place)
    await client.socket.close(code=code)

    assert await _refused(place, session_id, client.seq or 0)


async def test_a_client_that_leaves_with_another_code_can_come_back(place: Place) -> None:
    client, session_id = await _settled(place)
    await client.socket.close(code=4000)
    again = await place.connect()
    await again.resume(place.world.token, session_id, client.seq or 0)

    assert await _replayed(again) == []


async def test_an_unknown_session_is_invalid_and_the_client_may_identify_at_once(place: Place) -> None:
    client = await place.connect()
    await client.resume(place.world.token, "nobody", 0)

    assert (await client.op(9))["d"] is False
    assert await client.identify(place.world.token)


async def test_a_session_left_alone_for_too_long_is_gone(place: Place) -> None:
    client, session_id = await _settled(place)
    place.gateway.drop(1006)
    place.clock.advance(RESUME_WINDOW + 1)

    assert await _refused(place, session_id, client.seq or 0)


async def test_a_session_that_missed_more_than_is_kept_is_gone(place: Place) -> None:
    client, session_id = await _settled(place)
    place.gateway.drop(1006)
    for number in range(REPLAY_EVENTS + 1):
        place.say(number)

    assert await _refused(place, session_id, client.seq or 0)


async def test_a_number_from_the_future_closes_and_ends_the_session(place: Place) -> None:
    client, session_id = await _settled(place)
    place.gateway.drop(1006)
    again = await place.connect()
    await again.resume(place.world.token, session_id, 99)

    assert await again.closed() == 4007
    assert await _refused(place, session_id, client.seq or 0)


async def test_resuming_with_a_wrong_token_is_refused(place: Place) -> None:
    _, session_id = await _settled(place)
    again = await place.connect()
    await again.resume("wrong", session_id, 2)

    assert await again.closed() == 4004


async def test_resuming_elsewhere_closes_the_connection_that_was_there(place: Place) -> None:
    client, session_id = await _settled(place)
    again = await place.connect()
    await again.resume(place.world.token, session_id, client.seq or 0)
    await again.event("RESUMED")

    assert await client.closed() == 4000

    place.say(1)

    assert (await again.event("CHANNEL_UPDATE"))["number"] == 1


async def test_a_client_told_to_reconnect_can_resume(place: Place) -> None:
    client, session_id = await _settled(place)
    place.gateway.request_reconnect()
    await client.op(7)
    await client.socket.close(code=4000)
    place.say(1)
    again = await place.connect()
    await again.resume(place.world.token, session_id, client.seq or 0)

    assert await _replayed(again) == [1]


@pytest.mark.parametrize("resumable", [True, False])
async def test_an_invalid_session_says_whether_it_can_be_resumed(place: Place, resumable: bool) -> None:
    client, session_id = await _settled(place)
    place.gateway.invalidate(resumable=resumable)

    assert (await client.op(9))["d"] is resumable

    await client.socket.close(code=4000)

    assert await _refused(place, session_id, client.seq or 0) is not resumable


async def _refused(place: Place, session_id: str, seq: int) -> bool:
    client = await place.connect()
    await client.op(10)
    await client.resume(place.world.token, session_id, seq)
    return bool((await client.receive())["op"] == 9)
