"""What is collected about a person, and what is left of them."""

import json
from datetime import timedelta

import pytest
from db_samples import ALICE, BOB, GUILD
from sqlalchemy import update

from db.audit import Audit
from db.base import Base, utc_now
from db.cases import CaseKind, Cases, NewCase
from db.conduct import Conduct, NewRefusal
from db.defaults import Defaults
from db.favourites import Favourites
from db.guilds import Guilds
from db.outbox import Outbox
from db.people import People
from db.privacy import Privacy
from db.search import Criteria
from db.searches import Searches
from db.tables.job import JobRow
from db.tables.outbox import DeliveryState, OutboxRow
from db.tables.preset import Owner
from db.tables.record import Sharing
from db.timings import Timings
from db.uploads import Uploads

TOMORROW = timedelta(days=1)


@pytest.fixture
def privacy(database):
    return Privacy(database)


def refusal(user):
    return NewRefusal(
        user_id=user,
        guild_id=GUILD,
        label="e",
        verdict="refuse and strike",
        policy_version="1",
        scores={"x": 1.0},
        fingerprint="ab" * 32,
        words={"prompt": "quince", "negative_prompt": ""},
    )


async def everything_about(database, made, user):
    """Let the person leave a trace in every table; return their record."""
    await People(database).accept_licence(user, "1")
    record = await made(
        user_id=user,
        request={"prompt": "quince", "negative_prompt": "", "source": "99" * 32},
        notes=[{"key": "jobs.note_truncated", "values": {"rest": "quince"}}],
        token="secret",
        record={"prompt": "quince", "request": {"prompt": "quince", "source": "99" * 32}, "sha256": "11" * 32},
    )
    await Uploads(database).add("22" * 32, user, 64, 64)
    await Favourites(database).add(user, record)
    await Searches(database).keep(user, Criteria(words="quince"))
    await Conduct(database).strike(refusal(user), utc_now() - TOMORROW, lambda _: None)
    await Cases(database).open(
        NewCase(kind=CaseKind.APPEAL, user_id=user, opened_by=user, guild_id=GUILD, text="quince")
    )
    await Guilds(database).set_weight(GUILD, user, 2.0, by=BOB)
    return record


async def delivered(database):
    async with database.transaction() as session:
        await session.execute(update(OutboxRow).values(state=DeliveryState.SENT))


async def kept(database, word):
    async with database.reading() as session:
        return [
            table.name
            for table in Base.metadata.sorted_tables
            if any(word in str(row) for row in await session.execute(table.select()))
        ]


async def test_everything_is_collected_but_secrets_and_other_people(database, privacy, made):
    await everything_about(database, made, ALICE)
    await Cases(database).open(
        NewCase(kind=CaseKind.REPORT, user_id=ALICE, opened_by=BOB, guild_id=GUILD, text="medlar", record_id="X")
    )
    found = await privacy.collect(ALICE)
    text = json.dumps(found)

    assert {name: len(rows) for name, rows in found.items()} == await privacy.count(ALICE)
    assert all(found[name] for name in ("people", "jobs", "records", "uploads", "refusals", "strikes", "cases"))
    assert [len(found[name]) for name in ("favourites", "searches")] == [1, 1]
    assert [entry["action"] for entry in found["audit"]] == ["refuse", "strike", "open", "weight", "open"]
    assert "quince" in text
    assert "medlar" not in text
    assert str(BOB) not in text
    assert "secret" not in text


async def test_of_a_forgotten_person_no_word_is_left(database, privacy, made):
    await everything_about(database, made, ALICE)
    await everything_about(database, made, BOB)
    await delivered(database)
    asked = await privacy.ask(ALICE)
    erased = await privacy.erase(ALICE, asked, utc_now() + TOMORROW)
    left = {name for name, count in (await privacy.count(ALICE)).items() if count}

    assert erased.complete
    assert erased.files == {"11" * 32, "22" * 32}
    assert left == {"refusals", "strikes", "cases", "audit"}
    assert all(row["words"] is None for row in (await privacy.collect(ALICE))["refusals"])
    assert (await privacy.collect(BOB))["records"][0]["prompt"] == "quince"
    assert await privacy.asked() == []
    assert await Audit(database).verify() is None


async def test_nothing_of_what_was_asked_is_left_in_any_table(database, privacy, made):
    await everything_about(database, made, ALICE)
    await delivered(database)
    await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now() + TOMORROW)

    assert await kept(database, "quince") == []


async def test_what_others_made_from_it_stays_and_it_is_blanked(database, privacy, made):
    mine = await made(user_id=ALICE, record={"prompt": "quince", "sha256": "11" * 32})
    theirs = await made(user_id=BOB, parent_id=mine, record={"request": {"prompt": "", "source": "11" * 32}})
    await delivered(database)
    erased = await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now() + TOMORROW)
    found = await privacy.collect(ALICE)

    assert erased.complete
    assert found["records"] == found["jobs"] == []
    assert await kept(database, str(ALICE)) == ["audit"]
    assert await kept(database, "quince") == []
    assert "11" * 32 in await privacy.needed(), "another's picture was made from this file"
    assert [row["id"] for row in (await privacy.collect(BOB))["records"]] == [theirs]


async def test_who_liked_what_is_gone_is_left_alone_and_likes_it_no_more(database, privacy, made):
    mine = await made(user_id=ALICE)
    theirs = await made(user_id=BOB)
    favourites = Favourites(database)
    for user in (ALICE, BOB):
        for record in (mine, theirs):
            await favourites.add(user, record)
    await delivered(database)
    await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now() + TOMORROW)

    assert [row["record_id"] for row in (await privacy.collect(BOB))["favourites"]] == [theirs]
    assert await favourites.of(theirs, ALICE) == (1, False)


async def test_what_others_may_do_is_told_and_forgotten(database, privacy):
    await People(database).share(ALICE, Sharing.CLOSED)
    before = (await privacy.collect(ALICE))["people"]
    await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now() + TOMORROW)

    assert [row["sharing"] for row in before] == ["closed"]
    assert (await privacy.collect(ALICE))["people"] == []


async def test_todays_numbers_stay_until_tomorrow_without_their_words(database, privacy, made):
    await made(user_id=ALICE, request={"prompt": "quince"}, record={"prompt": "quince"})
    await delivered(database)
    today = utc_now() - timedelta(hours=1)
    asked = await privacy.ask(ALICE)
    erased = await privacy.erase(ALICE, asked, today)
    spent = await Timings(database).spent(ALICE, today)
    words = await kept(database, "quince")
    later = await privacy.asked()
    again = await privacy.erase(ALICE, asked, utc_now() + TOMORROW)

    assert not erased.complete
    assert spent == 2.0
    assert words == []
    assert later == [(ALICE, asked)]
    assert again.complete
    assert (await privacy.count(ALICE))["jobs"] == 0


async def test_what_is_still_to_be_delivered_is_delivered(database, privacy, made):
    await made(user_id=ALICE)
    erased = await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now() + TOMORROW)

    assert not erased.complete
    assert len(await Outbox(database).due(utc_now(), 10)) == 1


async def test_what_is_made_afterwards_is_not_forgotten(database, privacy, made):
    await made(user_id=ALICE)
    await delivered(database)
    asked = await privacy.ask(ALICE)
    new = await made(user_id=ALICE)
    async with database.transaction() as session:
        await session.execute(update(JobRow).where(JobRow.id == 2).values(created_at=asked + timedelta(seconds=1)))
    await privacy.erase(ALICE, asked, utc_now() + TOMORROW)

    assert [row["id"] for row in (await privacy.collect(ALICE))["records"]] == [new]


async def test_what_is_written_accepted_and_sent_afterwards_is_not_forgotten(database, privacy):
    asked = await privacy.ask(ALICE)
    await People(database).accept_licence(ALICE, "1")
    await Uploads(database).add("22" * 32, ALICE, 64, 64)
    await Conduct(database).strike(refusal(ALICE), utc_now() - TOMORROW, lambda _: None)
    await privacy.erase(ALICE, asked, utc_now() + TOMORROW)

    assert await kept(database, "quince") == ["refusals"]
    assert {"people", "uploads"} <= set(await kept(database, str(ALICE)))


async def test_words_are_forgotten_even_if_they_are_used_again_afterwards(database, privacy):
    searches, defaults, mine = Searches(database), Defaults(database), Owner(user_id=ALICE)
    key = await searches.keep(ALICE, Criteria(words="quince"))
    await defaults.change(mine, {"negative_prompt": "quince"}, by=ALICE)
    asked = await privacy.ask(ALICE)
    await searches.get(ALICE, key)
    await defaults.change(mine, {"steps": 9}, by=ALICE)
    await privacy.erase(ALICE, asked, utc_now() + TOMORROW)

    assert await kept(database, "quince") == []
    assert await defaults.of(mine) == {"steps": 9}


async def test_the_mask_of_a_picture_is_needed_as_its_source_is(privacy, made):
    await made(user_id=ALICE, record={"request": {"prompt": "", "source": "11" * 32, "mask": "33" * 32}})

    assert {"11" * 32, "33" * 32} <= await privacy.needed()
