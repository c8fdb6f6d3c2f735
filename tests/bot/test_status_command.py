"""/status: what moderators see of how the bot is doing."""

import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from bot_kit import House, channel_of, first_answer, in_channel
from fakes import draw, fail
from guest import Refused
from PIL import Image
from strict_policy import id_of

from bot.status import Status
from bot.status_lines import sheet_of, status_alt
from bot.status_picture import draw_status
from db.base import utc_now
from db.load import Ends, Load, Waits
from db.tables.job import JobStatus
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import FailureKind
from local_discord import permissions
from local_discord.guild import Overwrite
from observing.snapshot import Snapshot, Waiting

NOTHING = Ends(jobs={}, seconds=0.0)


def a_worker(number: int, state: WorkerState = WorkerState.READY, free: int = 0) -> WorkerInfo:
    problem = "cannot read /secret/folder"
    return WorkerInfo(id=f"cuda:{number}", state=state, device="cuda", lanes_free=free, fingerprint={}, problem=problem)


def a_status(workers: Sequence[WorkerInfo] = (), running: dict[str, list[str]] | None = None, **load: object) -> Status:
    usual = {"depths": [0] * 36, "waits": [None] * 36, "everybody": NOTHING, "guild": NOTHING, "guilds": 0}
    waiting = Waiting(jobs=0, pictures=0, cost=0, guilds=0, lead=0, largest=0, slack=0)
    now = Snapshot(
        workers=workers,
        running=running or {},
        waiting=waiting,
        clerks={},
        gateway={0: 0.1},
        outbox=None,
        pictures=True,
    )
    return Status(at=utc_now(), now=now, load=Load(lasts=timedelta(hours=6), **usual | load))


async def test_it_is_for_moderators_alone(house: House) -> None:
    for guest in (house.guest("ada"), house.guest("mia", "dm")):
        with pytest.raises(Refused, match="no command"):
            await guest.type("/status")


async def test_it_asks_for_the_rights_itself(house: House) -> None:
    """Discord shows it to whom a channel gives the permission; that is not enough."""
    ada = house.guest("ada", "studio")
    await ada.type("/imagine a red circle")
    allowed = Overwrite(id_of(house, "ada"), 1, allow=permissions.MANAGE_MESSAGES)
    channel_of(house.server, "studio").overwrites.append(allowed)

    assert "Only moderators" in (await first_answer(ada, "/status"))["content"]


async def test_a_moderator_sees_it_drawn_and_told_and_nobody_else_does(house: House) -> None:
    house.executor.outcomes = [draw, fail(FailureKind.INVALID)]
    for name in ("ada", "ben"):
        await house.guest(name).type("/imagine a red circle")
    mia = house.guest("mia")
    told = await first_answer(mia, "/status")
    picture = Image.open(io.BytesIO(await mia.fetch(told["attachments"][0])))

    for words in (told["content"], told["attachments"][0]["description"]):
        assert "fake: ready, demo, 0 of 1 at once" in words
        assert "Requests waiting: 0 now" in words
        assert "drawn: 1 here, 1 in all" in words
        assert "failed: 1 here, 1 in all" in words
        assert "this server had 100 %" in words
    assert picture.format == "PNG"
    assert picture.width == 960
    assert told["id"] not in [each["id"] for each in await in_channel(house.guest("ben"))]


def test_every_state_has_its_own_word_and_its_own_shape() -> None:
    pictures, words = set(), set()
    for state in WorkerState:
        sheet = sheet_of(a_status([a_worker(0, state)]), "en")
        pictures.add(Image.open(io.BytesIO(draw_status(sheet))).convert("1").crop((28, 100, 50, 140)).tobytes())
        words.add(sheet.workers[0].state)

    assert len(pictures) == len(words) == len(WorkerState)


def test_what_ails_a_worker_is_the_operators_business() -> None:
    assert "secret" not in status_alt(sheet_of(a_status([a_worker(0, WorkerState.BROKEN)]), "en"), "en")


def test_a_worker_that_draws_tells_with_what_and_how_full_it_is() -> None:
    sheet = sheet_of(a_status([a_worker(0, free=5)], {"cuda:0": ["sdxl", "demo", "sdxl"]}), "en")

    assert "cuda:0: ready, demo, sdxl, 3 of 8 at once" in status_alt(sheet, "en")


def test_a_worker_that_draws_nothing_tells_what_it_has_in_memory() -> None:
    workers = [
        replace(a_worker(0, free=8), warm=(("sdxl", ()), ("sdxl", (("pixel", 1.0),)), ("demo", ()))),
        a_worker(1),
    ]
    alt = status_alt(sheet_of(a_status(workers), "en"), "en")

    assert "cuda:0: ready, demo, sdxl, 0 of 8 at once" in alt
    assert "cuda:1: ready, nothing loaded" in alt


def test_many_workers_are_counted_instead_of_listed() -> None:
    states = [WorkerState.READY] * 40 + [WorkerState.BROKEN] * 24
    sheet = sheet_of(a_status([a_worker(number, state) for number, state in enumerate(states)]), "en")
    alt = status_alt(sheet, "en")

    assert len(sheet.workers) == 12
    assert "and 52 more, 28 of them ready" in alt
    assert len(alt) <= 1_024
    assert Image.open(io.BytesIO(draw_status(sheet))).height < 1_400


def test_the_curves_are_told_in_words() -> None:
    waits = [None] * 34 + [Waits(3, 10.0, 20.0), Waits(1, 50.0, 200.0)]
    everybody, guild = Ends(jobs={JobStatus.DONE: 9}, seconds=80.0), Ends(jobs={JobStatus.DONE: 2}, seconds=20.0)
    load = {"depths": [0] * 34 + [7, 4], "waits": waits, "everybody": everybody, "guild": guild, "guilds": 5}
    alt = status_alt(sheet_of(a_status(**load), "en"), "en")

    assert "4 now, 7 at the most in 6 hours" in alt
    assert "20 s on average, 3 min at the longest" in alt
    assert "had 25 % of what was drawn; an equal part among all that drew (5) is 20 %" in alt
    assert "drawn: 2 here, 9 in all" in alt


def test_a_bot_that_nobody_asks_for_anything_can_be_drawn_too() -> None:
    alt = status_alt(sheet_of(a_status(), "en"), "en")

    assert "Nothing that draws is there" in alt
    assert "Nothing has begun in 6 hours" in alt
    assert "Nothing was drawn in 6 hours" in alt
    assert Image.open(io.BytesIO(draw_status(sheet_of(a_status(), "en")))).width == 960


def test_a_small_part_among_many_is_no_zero() -> None:
    load = {"everybody": Ends(jobs={}, seconds=80_000.0), "guilds": 812}
    tiny, nothing = (
        sheet_of(a_status(**load, guild=Ends(jobs={}, seconds=seconds)), "en").share.title for seconds in (1.0, 0.0)
    )

    assert "had < 0.01 % of what was drawn; an equal part among all that drew (812) is 0.12 %" in tiny
    assert "had 0 % of what was drawn" in nothing


def test_what_tells_cards_apart_and_how_many_lanes_they_have_is_never_cut_off() -> None:
    host = "gpu-node-with-a-very-long-name-01.rack-7.example.org"
    sheet = sheet_of(a_status([replace(a_worker(0, free=40), id=f"{host}:0")]), "en")
    (row,) = sheet.workers
    others = [replace(row, name=f"{host}:1"), replace(row, lanes_told=f"{row.lanes_told[:-1]}x"), replace(row, busy=20)]
    pictures = {draw_status(replace(sheet, workers=[each])) for each in (row, *others)}

    assert len(pictures) == 4


def test_a_graph_of_nothing_has_one_number_at_its_scale() -> None:
    sheet = sheet_of(a_status(), "en")
    told = replace(sheet, depth=replace(sheet.depth, most="7"), waits=replace(sheet.waits, most="7"))

    assert draw_status(told) == draw_status(sheet)
