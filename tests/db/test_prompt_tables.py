"""Presets, defaults and offers, and what is left of them when their person is forgotten."""

import asyncio
from datetime import timedelta

import pytest
from db_samples import ALICE, BOB, GUILD

from db.base import utc_now
from db.defaults import Defaults
from db.offers import Offer, Offers
from db.presets import Owner, Preset, Presets
from db.privacy import Privacy

HERS, ITS = Owner(user_id=ALICE), Owner(guild_id=GUILD)
INK = Preset(name="ink", template="{prompt} in ink", negative_prompt="quince", settings={"steps": 9})


@pytest.fixture
def presets(database):
    return Presets(database)


@pytest.fixture
def defaults(database):
    return Defaults(database)


@pytest.fixture
def offers(database):
    return Offers(database)


def offer(**changes):
    return Offer(**{"id": "A", "user_id": ALICE, "request": {"prompt": "quince"}, "notes": [{"key": "x"}]} | changes)


async def test_a_preset_is_its_owners_and_one_of_each_name(presets):
    await presets.save(HERS, INK, ALICE, 25)
    await presets.save(ITS, Preset(name="ink", template="of all"), BOB, 25)
    await presets.save(HERS, Preset(name="ink", template="new"), ALICE, 25)

    assert await presets.of(HERS) == [Preset(name="ink", template="new")]
    assert await presets.of(ITS) == [Preset(name="ink", template="of all")]
    assert await presets.of(Owner(user_id=BOB)) == []


async def test_a_preset_comes_back_as_it_was_kept(presets):
    await presets.save(HERS, INK, ALICE, 25)

    assert await presets.of(HERS) == [INK]


async def test_however_many_save_at_once_no_more_are_kept_than_may_be(presets):
    saved = await asyncio.gather(*(presets.save(HERS, Preset(name=name, template="x"), ALICE, 3) for name in "abcdef"))

    assert sum(saved) == len(await presets.of(HERS)) == 3


async def test_a_preset_is_deleted_once(presets):
    await presets.save(HERS, INK, ALICE, 25)

    assert not await presets.delete(ITS, "ink", BOB)
    assert await presets.delete(HERS, "ink", ALICE)
    assert not await presets.delete(HERS, "ink", ALICE)


async def test_defaults_are_changed_one_by_one_and_reset_at_once(defaults):
    await defaults.change(HERS, {"steps": 9, "guidance": 0.0}, ALICE)
    changed = await defaults.change(HERS, {"steps": None, "sampler": "Euler"}, ALICE)
    await defaults.change(ITS, {"count": 2}, BOB)
    await defaults.reset(ITS, BOB)

    assert changed == await defaults.of(HERS) == {"guidance": 0.0, "sampler": "Euler"}
    assert await defaults.of(ITS) == {}


async def test_changes_at_once_do_not_lose_each_other(defaults):
    await asyncio.gather(*(defaults.change(HERS, {name: 1}, ALICE) for name in ("steps", "count", "guidance")))

    assert await defaults.of(HERS) == {"steps": 1, "count": 1, "guidance": 1}


async def test_an_offer_is_taken_once_and_by_its_person_alone(offers):
    await offers.put(offer())
    taken = [await offers.take("A", BOB), *(await asyncio.gather(offers.take("A", ALICE), offers.take("A", ALICE)))]

    assert sorted(taken, key=str) == sorted([None, None, offer()], key=str)


async def test_old_offers_are_forgotten(offers):
    await offers.put(offer())

    assert await offers.forget(utc_now() - timedelta(days=1)) == 0
    assert await offers.forget(utc_now() + timedelta(seconds=1)) == 1
    assert await offers.take("A", ALICE) is None


async def test_a_person_gets_what_is_theirs_and_it_goes_when_they_are_forgotten(database, presets, defaults, offers):
    privacy = Privacy(database)
    for owner, by in ((HERS, ALICE), (ITS, ALICE), (Owner(user_id=BOB), BOB)):
        await presets.save(owner, INK, by, 25)
        await defaults.change(owner, {"negative_prompt": "quince"}, by)
    await offers.put(offer())
    collected = await privacy.collect(ALICE)
    await privacy.erase(ALICE, await privacy.ask(ALICE), utc_now())
    left = await privacy.count(ALICE)

    assert [len(collected[table]) for table in ("presets", "defaults", "offers")] == [1, 1, 1]
    assert collected["presets"][0]["negative_prompt"] == "quince"
    assert [left[table] for table in ("presets", "defaults", "offers")] == [0, 0, 0]
    assert await presets.of(ITS) == await presets.of(Owner(user_id=BOB)) == [INK], "a server's stay"


async def test_what_is_kept_after_the_wish_to_be_forgotten_stays(database, presets, defaults, offers):
    privacy = Privacy(database)
    asked = await privacy.ask(ALICE)
    await presets.save(HERS, INK, ALICE, 25)
    await defaults.change(HERS, {"steps": 9}, ALICE)
    await offers.put(offer())
    await privacy.erase(ALICE, asked, utc_now())

    assert await presets.of(HERS) == [INK]
    assert await defaults.of(HERS) == {"steps": 9}
    assert await offers.take("A", ALICE) is not None
