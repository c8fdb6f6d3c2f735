"""Refusals, strikes and sanctions, each with what the audit log says of it."""

import asyncio
from datetime import timedelta

import pytest
from db_samples import ALICE, BOB, GUILD
from sqlalchemy import update

from db.audit import Audit
from db.base import utc_now
from db.cases import CaseKind, Cases, NewCase, Outcome
from db.conduct import EVERYWHERE, Bar, Conduct, NewRefusal, Sanction, lift, overturn
from db.tables.conduct import StrikeRow

DAY = timedelta(days=1)


@pytest.fixture
def conduct(database):
    return Conduct(database)


def refusal(**changes):
    usual = {
        "user_id": ALICE,
        "guild_id": GUILD,
        "label": "e",
        "verdict": "refuse and strike",
        "policy_version": "7",
        "scores": {"group": 1.5},
        "fingerprint": "ab" * 32,
        "words": {"prompt": "quince", "negative_prompt": ""},
    }
    return NewRefusal(**usual | changes)


def sanction(bar=Bar.TIME_OUT, guild_id=EVERYWHERE, hours=1.0, by=None):
    now = utc_now()
    until = None if hours is None else now + timedelta(hours=hours)
    return Sanction(user_id=ALICE, guild_id=guild_id, bar=bar, until=until, by=by, since=now)


def two_strikes_time_out(count):
    return sanction() if count == 2 else sanction(Bar.BAN, hours=None) if count > 2 else None


async def strike(conduct, step=two_strikes_time_out):
    return await conduct.strike(refusal(), utc_now() - DAY, step)


async def held(conduct):
    return [(each.guild_id, each.bar, each.by) for each in await conduct.sanctions(utc_now())]


async def test_a_strike_is_written_down_with_policy_and_scores_and_no_words(database, conduct):
    await strike(conduct)
    await strike(conduct)
    refused, struck = (await Audit(database).about(ALICE))[2:]

    assert (refused.action, struck.action) == ("refuse", "strike")
    assert refused.details["policy"] == "7"
    assert refused.details["scores"] == {"group": 1.5}
    assert struck.details["strikes"] == 2
    assert struck.details["bar"] == "time-out"
    assert "quince" not in str(refused) + str(struck)
    assert await Audit(database).verify() is None


async def test_strikes_at_once_are_all_counted(database, conduct):
    counts = await asyncio.gather(*(strike(conduct) for _ in range(5)))

    assert len(await conduct.strikes(ALICE)) == 5
    assert max(count for count, _ in counts) == 5
    assert await held(conduct) == [(EVERYWHERE, Bar.BAN, None)]
    assert await Audit(database).verify() is None


async def test_a_harder_sanction_is_not_replaced_by_a_milder_one(conduct):
    await conduct.impose(sanction(Bar.BAN, GUILD, hours=None, by=BOB))
    held_now = await conduct.impose(sanction(Bar.TIME_OUT, GUILD, hours=2, by=BOB))

    assert held_now.bar is Bar.BAN
    assert await held(conduct) == [(GUILD, Bar.BAN, BOB)]


async def test_a_lock_is_neither_lifted_nor_replaced_nor_overturned(database, conduct):
    await strike(conduct)
    await conduct.lock(
        refusal(label="b", words=None), NewCase(kind=CaseKind.ALERT, user_id=ALICE, opened_by=None, guild_id=GUILD)
    )
    await conduct.impose(sanction(Bar.TIME_OUT, hours=1, by=BOB))
    lifted = await conduct.lift(ALICE, EVERYWHERE, by=BOB)
    async with database.transaction() as session:
        await overturn(session, 1, utc_now() - DAY, lambda _: None)
        also = await lift(session, ALICE, EVERYWHERE)

    assert (lifted, also) == (False, False)
    assert await held(conduct) == [(EVERYWHERE, Bar.LOCK, None)]


async def test_an_overturned_strike_takes_back_what_rested_on_it_and_no_more(database, conduct):
    for _ in range(3):
        await strike(conduct)
    before = await held(conduct)
    async with database.transaction() as session:
        await overturn(session, 3, utc_now() - DAY, two_strikes_time_out)
    milder = await held(conduct)
    async with database.transaction() as session:
        await overturn(session, 2, utc_now() - DAY, two_strikes_time_out)

    assert before == [(EVERYWHERE, Bar.BAN, None)]
    assert milder == [(EVERYWHERE, Bar.TIME_OUT, None)]
    assert await held(conduct) == []


async def test_old_strikes_do_not_count(database, conduct):
    await strike(conduct)
    async with database.transaction() as session:
        await session.execute(update(StrikeRow).values(at=utc_now() - 2 * DAY))

    assert (await strike(conduct))[0] == 1


async def test_a_case_is_decided_once_with_its_consequence(database, conduct):
    cases = Cases(database)
    await conduct.impose(sanction(Bar.BAN, GUILD, hours=None, by=BOB))
    case = await cases.open(
        NewCase(kind=CaseKind.APPEAL, user_id=ALICE, opened_by=ALICE, guild_id=GUILD, text="quince")
    )

    async def let_in(session):
        await lift(session, ALICE, GUILD)

    decided = await asyncio.gather(*(cases.decide(case.id, Outcome.OVERTURNED, BOB, let_in) for _ in range(3)))
    acts = [entry.action for entry in await Audit(database).about(ALICE)]

    assert [each is not None for each in decided].count(True) == 1
    assert await held(conduct) == []
    assert acts == ["ban", "open", "decide"]
    assert "quince" not in str(await Audit(database).about(ALICE))


async def test_a_consequence_that_fails_leaves_the_case_open(database, conduct):
    cases = Cases(database)
    case = await cases.open(NewCase(kind=CaseKind.APPEAL, user_id=ALICE, opened_by=ALICE, guild_id=GUILD))

    async def broken(_session):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await cases.decide(case.id, Outcome.UPHELD, BOB, broken)

    assert (await cases.get(case.id)).outcome is Outcome.OPEN
    assert await Audit(database).verify() is None


async def test_what_a_moderator_imposed_outlives_an_overturned_strike(database, conduct):
    await conduct.impose(sanction(Bar.BAN, hours=None, by=BOB))
    await strike(conduct)
    async with database.transaction() as session:
        await overturn(session, 1, utc_now() - DAY, lambda _: None)

    assert await held(conduct) == [(EVERYWHERE, Bar.BAN, BOB)]


async def test_an_old_strike_stays_as_long_as_somebody_has_to_decide_about_it(database, conduct):
    cases = Cases(database)
    await strike(conduct)
    await strike(conduct)
    appeal = NewCase(kind=CaseKind.APPEAL, user_id=ALICE, opened_by=ALICE, guild_id=GUILD, strike_id=1)
    case = await cases.open(appeal)
    later = utc_now() + DAY
    await conduct.forget_old(later)
    while_open = [each.id for each in await conduct.strikes(ALICE)]
    await cases.decide(case.id, Outcome.UPHELD, BOB, lambda _session: asyncio.sleep(0))
    await conduct.forget_old(later)

    assert while_open == [1]
    assert await conduct.strikes(ALICE) == []
    assert await conduct.refusals(user_id=ALICE) == []


async def test_a_ban_shorter_than_what_holds_is_told_as_what_holds(database, conduct):
    await conduct.impose(sanction(Bar.BAN, GUILD, hours=None, by=BOB))
    held_now = await conduct.impose(sanction(guild_id=GUILD, hours=1.0, by=BOB))

    assert (held_now.bar, held_now.until) == (Bar.BAN, None)
    assert [entry.details["until"] for entry in await Audit(database).about(ALICE)] == [None, None]
