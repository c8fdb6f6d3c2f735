"""/reproduce gives its verdict for every kind of record."""

import asyncio
from dataclasses import replace

import pytest
from bot_kit import House
from fakes import FINGERPRINT, draw, draw_over
from guest import Guest, Json, in_progress, record_ids

from inference.executor import WorkerState
from inference.protocol import Attempt, Done


def another(attempt: Attempt) -> Done:
    """Draw what another seed would."""
    return draw(replace(attempt, request=replace(attempt.request, seed=99)))


@pytest.mark.parametrize(
    "command",
    [
        *("/vary picture:{}", "/vary picture:{} strength:strong", "/upscale picture:{}", "/remix id:{}"),
        *("/reproduce id:{}", "/outpaint picture:{} zoom:2", "/blend picture_1:{} picture_2:{}"),
        "/inpaint picture:{} prompt:a star region:left half",
    ],
)
async def test_every_kind_of_picture_is_reproduced_with_a_verdict(house: House, command: str) -> None:
    ada = house.guest()
    house.executor.outcomes = [draw_over] * 4 + [another]
    [source] = record_ids(await ada.type("/imagine a red circle seed:1"))
    [second] = record_ids(await ada.type("/imagine a blue circle seed:2"))
    [made] = record_ids(await ada.type(command.format(source, second)))
    same = await ada.type(f"/reproduce id:{made}")
    other = await ada.type(f"/reproduce id:{made}")

    assert "**Identical:**" in same["content"]
    assert "**Different:**" in other["content"]


OTHER = FINGERPRINT | {"device": "another card", "torch": "3.0"}


def drawn_by_other(attempt: Attempt) -> Done:
    """Draw as the other card does: other pixels, and another fingerprint."""
    done = another(attempt)
    return replace(done, pictures=tuple(replace(each, fingerprint=OTHER) for each in done.pictures))


async def in_line(guest: Guest, text: str, words: str) -> Json:
    """Type a command, and return its reply once that says so, while its job is not over."""
    started = await guest.post("run", {"channel": guest.channel, "text": text})
    async with asyncio.timeout(20):
        while True:
            answer = await guest.answer(started["interaction"])
            if in_progress(answer) and words in answer["content"]:
                return answer
            await asyncio.sleep(0.05)


async def over(guest: Guest, waiting: Json) -> Json:
    """Return a reply as it is once its job is over."""
    async with asyncio.timeout(20):
        while in_progress(message := await guest.message(waiting["id"])):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(0.05)
        return message


async def test_who_can_get_no_worker_like_the_first_is_told_so_before_and_after(house: House) -> None:
    ada = house.guest()
    [made] = record_ids(await ada.type("/imagine a red circle seed:1"))
    house.executor.fingerprint, house.executor.outcomes = OTHER, [drawn_by_other]
    house.executor.go_on.clear()
    told = "No worker here is like the one that drew the original"
    waiting = await in_line(ada, f"/reproduce id:{made}", told)
    house.executor.go_on.set()
    result = await over(ada, waiting)

    assert "What differs: device, torch." in waiting["content"]
    assert "**Different:**" in result["content"]
    assert "Changed since then: device, torch." in result["content"]
    assert told in result["content"]


async def test_who_waits_for_a_worker_like_the_first_is_told_why(house: House) -> None:
    ada, executor = house.guest(), house.executor
    [made] = record_ids(await ada.type("/imagine a red circle seed:1"))
    executor.free["other"], executor.fingerprints = 1, {"other": OTHER}
    executor.states = {"fake": WorkerState.RESTARTING}
    waiting = await in_line(ada, f"/reproduce id:{made}", "one that suits it better")
    executor.states = {}
    executor._change.set()
    result = await over(ada, waiting)

    assert "**Identical:**" in result["content"]
    assert executor.on[-1] == "fake"
