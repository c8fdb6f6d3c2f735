"""What refusals lead to: strikes, a ladder, a lock; and who is shut out."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from bot_kit import House, first_answer, open_house, settled
from guest import record_ids
from sqlalchemy import update
from strict_policy import id_of, write_policy

from db.audit import Audit
from db.base import Base, utc_now
from db.conduct import Conduct
from db.jobs import JobStatus
from db.session import Database
from db.tables.conduct import RefusalRow, SanctionRow, StrikeRow
from local_discord.server import LocalDiscord

STRIKE, RULE, LOCK = "/imagine a bridge", "/imagine a castle", "/imagine a lantern in a harbour"


@pytest.fixture
def conduct(sqlite_database: Database) -> Conduct:
    return Conduct(sqlite_database)


async def test_a_refusal_by_a_rule_is_kept_and_earns_no_strike(strict_house: House, conduct: Conduct) -> None:
    ada = strict_house.guest()
    told = await ada.type(RULE)
    refusal = (await conduct.refusals(user_id=id_of(strict_house, "ada")))[0]

    assert "no gore" in told["content"]
    assert "strike" not in told["content"]
    assert (refusal.label, refusal.verdict, refusal.policy_version) == (
        "gore",
        "refuse",
        strict_house.studio.policy.version,
    )
    assert refusal.words == {"prompt": "a castle", "negative_prompt": ""}
    assert len(refusal.fingerprint) == 64
    assert await conduct.strikes(id_of(strict_house, "ada")) == []


async def test_strikes_climb_the_ladder(strict_house: House, conduct: Conduct, sqlite_database: Database) -> None:
    ada = strict_house.guest()
    first = await ada.type(STRIKE)
    second = await ada.type(STRIKE)
    shut_out = await first_answer(ada, "/imagine a red circle")

    assert "This is strike 1" in first["content"]
    assert "/appeal" in first["content"]
    assert "This is strike 2" in second["content"]
    assert ":R>" in second["content"]
    assert "You cannot use me until <t:" in shut_out["content"]
    assert "/appeal" in shut_out["content"]
    assert [each.action for each in await Audit(sqlite_database).about(id_of(strict_house, "ada"))] == [
        *("refuse", "strike"),
        *("refuse", "strike"),
    ]
    assert await Audit(sqlite_database).verify() is None


async def test_who_is_shut_out_can_do_nothing_but_ask_and_read(strict_house: House) -> None:
    ada = strict_house.guest()
    result = await ada.type("/imagine a red circle")
    await ada.type(STRIKE)
    await ada.type(STRIKE)

    for label in ("Vary", "Again", "Details", "Delete"):
        assert "You cannot use me" in (await settled(ada, await ada.push(result, label)))["content"], label
    assert "You cannot use me" in (await first_answer(ada, f"/show id:{record_ids(result)[0]}"))["content"]
    assert "use restrictions" in (await first_answer(ada, "/license"))["content"]
    assert "Draw:" in (await first_answer(ada, "/help"))["content"]
    assert await ada.post(
        "autocomplete", {"channel": "studio", "command": "show", "options": {"id": ""}, "focused": "id"}
    ) == {"choices": []}


async def test_a_time_out_ends_by_itself(strict_house: House, sqlite_database: Database) -> None:
    ada = strict_house.guest()
    await ada.type(STRIKE)
    await ada.type(STRIKE)
    await set_back(sqlite_database, timedelta(hours=2))
    await strict_house.studio.discipline.load()

    assert len(record_ids(await ada.type("/imagine a red circle"))) == 1


async def test_old_strikes_no_longer_count(strict_house: House, sqlite_database: Database) -> None:
    ada = strict_house.guest()
    await ada.type(STRIKE)
    await set_back(sqlite_database, timedelta(days=91))

    assert "This is strike 1" in (await ada.type(STRIKE))["content"]


async def test_the_fifth_strike_bans(strict_house: House, sqlite_database: Database) -> None:
    ada = strict_house.guest()
    for _ in range(5):
        last = await ada.type(STRIKE)
        await let_time_outs_end(sqlite_database)
        await strict_house.studio.discipline.load()

    assert "you are banned" in last["content"]
    assert "You are banned from me" in (await first_answer(ada, "/imagine a red circle"))["content"]


async def test_a_strike_cancels_what_waits_and_nobody_elses(strict_house: House) -> None:
    ada, ben = strict_house.guest("ada"), strict_house.guest("ben")
    await ada.type("/imagine a red circle")
    await ben.type("/imagine a red circle")
    strict_house.executor.go_on.clear()
    for guest in (ada, ada, ben):
        started = await guest.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
        await guest.answer(started["interaction"])
    await ada.type(STRIKE)
    mine = await strict_house.jobs.open_of(id_of(strict_house, "ada"))
    bens = await strict_house.jobs.open_of(id_of(strict_house, "ben"))

    assert [job.status for job in mine] == [JobStatus.LEASED]
    assert len(bens) == 1


async def test_a_lock_holds_everywhere_for_good_and_keeps_no_words(
    strict_house: House, conduct: Conduct, sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    ada = strict_house.guest()
    await ada.type("/imagine a red circle")
    strict_house.executor.go_on.clear()
    started = await ada.post("run", {"channel": "studio", "text": "/imagine a blue circle"})
    await ada.answer(started["interaction"])
    told = await first_answer(ada, LOCK)
    user = id_of(strict_house, "ada")
    async with asyncio.timeout(10):
        while await strict_house.jobs.open_of(user):  # noqa: ASYNC110 - what runs is stopped, too
            await asyncio.sleep(0.05)
    refusal = (await conduct.refusals(user_id=user))[0]

    assert "locked" in told["content"]
    assert "locked" in (await first_answer(strict_house.guest("ada", "dm"), "/imagine a red circle"))["content"]
    assert refusal.words is None
    assert len(refusal.fingerprint) == 64
    assert not await strict_house.studio.discipline.lift(user, 0, by=1)
    assert await kept_anywhere(sqlite_database, "harbour") == []
    assert "lantern" not in caplog.text


async def test_what_shuts_out_outlives_a_restart(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    policy = write_policy(tmp_path / "policy")
    async with open_house(server, sqlite_database, tmp_path, policy=policy) as house:
        await first_answer(house.guest(), "/license")
        await house.studio.accept(id_of(house, "ada"))
        await house.guest().type(LOCK)
    async with open_house(server, sqlite_database, tmp_path, policy=policy) as house:
        assert "locked" in (await first_answer(house.guest(), "/imagine a red circle"))["content"]


async def test_words_are_forgotten_and_their_keyed_hash_stays(strict_house: House, conduct: Conduct) -> None:
    ada = strict_house.guest()
    await ada.type(RULE)
    await ada.type(RULE)
    forgotten = await conduct.forget_words(utc_now() + timedelta(seconds=1))
    first, second = await conduct.refusals(user_id=id_of(strict_house, "ada"))

    assert forgotten == 2
    assert first.words is None
    assert first.fingerprint == second.fingerprint


async def test_the_key_of_the_hashes_is_the_operators_alone(strict_house: House, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


async def set_back(database: Database, time: timedelta) -> None:
    """Let everything have happened that much earlier."""
    async with database.transaction() as session:
        await session.execute(update(StrikeRow).values(at=utc_now() - time))
        await session.execute(update(RefusalRow).values(at=utc_now() - time))
    await let_time_outs_end(database)


async def let_time_outs_end(database: Database) -> None:
    async with database.transaction() as session:
        ended = update(SanctionRow).where(SanctionRow.until.is_not(None)).values(until=utc_now())
        await session.execute(ended)


async def kept_anywhere(database: Database, word: str) -> list[str]:
    """Return the tables in which a word is kept."""
    async with database.reading() as session:
        return [
            table.name
            for table in Base.metadata.sorted_tables
            if any(word in str(row) for row in await session.execute(table.select()))
        ]
