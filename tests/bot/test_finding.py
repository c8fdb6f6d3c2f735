"""/history by everything that can be looked for, and what it finds as a file."""

import json
from pathlib import Path

import pytest
from bot_kit import House, first_answer, open_house, settled
from guest import Guest, Json, components, record_ids
from sqlalchemy import delete, update

from bot import finding
from bot.caller import Caller
from db.base import utc_now
from db.history import Record
from db.search import Criteria
from db.session import Database
from db.tables.record import RecordRow
from db.tables.search import SearchRow
from jobs.excerpt import Excerpt
from local_discord.server import LocalDiscord


def texts(message: Json) -> str:
    return "\n".join(str(each["content"]) for each in components(message) if each["type"] == 10)


async def found(guest: Guest, search: str, ids: list[str]) -> list[str]:
    """Return which of the pictures the search lists."""
    page = await first_answer(guest, f"/history {search}")
    return [each for each in ids if each in texts(page)]


async def exported(guest: Guest, search: str = "") -> tuple[Json, Json]:
    """Return the message and the file that Export sends."""
    page = await first_answer(guest, f"/history {search}")
    message = await settled(guest, await guest.push(page, "Export"))
    return message, json.loads(await guest.fetch(message["attachments"][0]))


def who_made(record: Record) -> Caller:
    """The person who made a picture, in the channel where they did."""
    return Caller(
        user_id=record.user_id,
        guild_id=record.guild_id,
        channel_id=record.channel_id,
        interaction_id=1,
        application_id=1,
        token="",
        locale="en-US",
        age_restricted=False,
        views=frozenset({record.channel_id}),
        moderates=frozenset(),
    )


async def test_pictures_are_found_by_everything_that_is_known_of_them(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [red] = record_ids(await ada.type("/imagine a red circle seed:0 negative_prompt:blurry"))
    [blue] = record_ids(await ben.type("/imagine a blue circle seed:5"))
    [varied] = record_ids(await ada.type(f"/vary picture:{blue} seed:7"))
    ids = [red, blue, varied]
    person = next(user["id"] for user in house.server.describe()["users"] if user["name"] == "ben")

    for search, expected in {
        "search:circ": ids,
        "search:circle -red": [blue, varied],
        'search:"red circle"': [red],
        'search:"circle red"': [],
        "search:blurry": [red],
        "seed:0": [red],
        "model:demo": ids,
        "model:sdxl": [],
        "date:today": ids,
        "date:yesterday": [],
        "date:until yesterday": [],
        f"user:<@{person}>": [blue],
        "kind:image to image": [varied],
        "search:blue seed:5 date:today kind:text to image": [blue],
    }.items():
        assert await found(ada, search, ids) == expected, search


async def test_a_long_search_is_shown_and_goes_on_after_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    long = "circle " * 27
    async with open_house(server, sqlite_database, tmp_path) as house:
        for _ in range(6):
            await house.guest().type("/imagine a circle")
        await house.guest().type("/imagine a square")
        first = await first_answer(house.guest(), f"/history search:{long} date:today")
    async with open_house(server, sqlite_database, tmp_path) as house:
        ada = house.guest()
        second = await settled(ada, await ada.push(first, "Next"))

    for page in (first, second):
        assert "(6 in all)" in texts(page)
        assert long.strip() in texts(page)
        assert "\nFrom <t:" in texts(page)
    assert max(len(each["custom_id"]) for each in components(first) if "custom_id" in each) <= 100


async def test_a_search_that_is_kept_no_longer_is_said_so(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    await ada.type("/imagine a circle")
    page = await first_answer(ada, "/history search:circle")
    async with sqlite_database.transaction() as session:
        await session.execute(delete(SearchRow))
    message = await settled(ada, await ada.push(page, "Export"))

    assert "too old" in message["content"]


async def test_a_date_that_cannot_be_read_is_said_so(house: House) -> None:
    message = await house.guest().type("/history date:soon")

    assert "I cannot read “soon” as a date" in message["content"]


async def test_dates_are_suggested(house: House) -> None:
    body = {"channel": "studio", "command": "history", "options": {"date": "last"}, "focused": "date"}
    choices = (await house.guest().post("autocomplete", body))["choices"]

    assert [each["value"] for each in choices] == ["last week", "last month"]


async def test_an_export_has_what_a_picture_was_made_from_and_no_more(house: House) -> None:
    ada = house.guest()
    [source] = record_ids(await ada.type("/imagine a red circle seed:3"))
    [varied] = record_ids(await ada.type(f"/vary picture:{source} prompt:a blue square"))
    await ada.type("/imagine a green star")
    message, told = await exported(ada, "search:blue")
    record = await house.history.get(varied)
    assert record is not None

    assert "1 of 1 pictures, and 1 more" in message["content"]
    assert [each["id"] for each in told["records"]] == [source, varied]
    assert told["records"][1]["request"] == record.request
    assert told["records"][1]["pixels_sha256"] == record.pixels_sha256
    assert told["records"][1]["fingerprint"] == record.fingerprint
    assert told["records"][1]["parents"] == {source: "vary"}
    assert told["records"][1]["sources"] == {record.request["source"]: source}
    assert str(record.user_id) not in json.dumps(told)


async def test_an_export_has_only_what_its_person_may_see(house: House, sqlite_database: Database) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [secret] = record_ids(await ada.type("/imagine a secret circle"))
    [varied] = record_ids(await ben.type(f"/vary picture:{secret} prompt:a circle"))
    [unpublished] = record_ids(await ada.type("/imagine a quiet circle"))
    await ada.type(f"/sharing others:private picture:{secret}")
    async with sqlite_database.transaction() as session:
        await session.execute(update(RecordRow).where(RecordRow.id == unpublished).values(publishes_prompt=False))
    message, bens = await exported(ben, "search:circle")
    _, adas = await exported(ada, "search:circle")

    assert [each["id"] for each in bens["records"]] == [varied]
    assert bens["records"][0]["parents"] == {}
    assert "Left out: 1" in message["content"]
    assert {each["id"] for each in adas["records"]} == {secret, varied, unpublished}


async def test_an_export_is_bounded_and_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = house.guest()
    for number in range(3):
        last = record_ids(await ada.type(f"/imagine circle {number}"))
    monkeypatch.setattr(finding, "EXPORTED", 1)
    message, told = await exported(ada)

    assert [each["id"] for each in told["records"]] == last
    assert "1 of 3 pictures" in message["content"]
    assert "does not hold more" in message["content"]


async def test_an_export_holds_as_many_as_there_is_room_for_and_all_that_these_need(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a square")
    [first] = record_ids(await ada.type("/imagine a circle"))
    [second] = record_ids(await ada.type(f"/inpaint picture:{first} prompt:a star region:left half"))
    await ada.type(f"/vary picture:{second}")
    [newest] = record_ids(await ada.type("/imagine a square"))
    record = await house.history.get(newest)
    assert record is not None
    whole = await house.studio.finding.export(who_made(record), Criteria(), 1 << 20)
    counts = []
    for percent in (1, 30, 60, 90):
        limit = len(whole.data) * percent // 100 + finding.FRAME_BYTES
        export = await house.studio.finding.export(who_made(record), Criteria(), limit)
        excerpt = Excerpt.from_json(export.data)
        ids = {each.id for each in excerpt.entries}
        assert all(ids >= set(each.sources.values()) for each in excerpt.entries)
        assert all(each.request.get("mask") in (None, *excerpt.files) for each in excerpt.entries)
        assert (newest in ids, export.of + export.sources) == (True, len(ids))
        assert len(export.data) <= limit or export.of == 1
        counts.append(export.of)

    assert (whole.of, whole.sources, len(Excerpt.from_json(whole.data).files)) == (5, 0, 1)
    assert counts == [1, 1, 1, 4], "the two between would not come without what they were made from"


async def test_a_search_is_forgotten_when_nobody_used_it_for_long(house: House, sqlite_database: Database) -> None:
    ada = house.guest()
    await ada.type("/imagine a circle")
    page = await first_answer(ada, "/history search:circle")
    await house.housekeeper.tidy_up()
    kept = await settled(ada, await ada.push(page, "Export"))
    async with sqlite_database.transaction() as session:
        await session.execute(update(SearchRow).values(used_at=utc_now() - finding.KEPT))
    await house.housekeeper.tidy_up()
    forgotten = await settled(ada, await ada.push(page, "Export"))

    assert kept["attachments"]
    assert "too old" in forgotten["content"]
