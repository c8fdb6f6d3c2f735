"""The audit log: whatever is done to it but appending is found."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from db.audit import ORIGIN, Act, Audit, Entry, Head, append, digest_of, first_fault
from db.session import Database
from db.tables.audit import AuditHeadRow, AuditRow

WHEN = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
IDS = st.none() | st.integers(1, 2**63 - 1)
DETAILS = st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers())
ACTS = st.builds(Act, action=st.text(), actor=IDS, subject=IDS, guild_id=IDS, details=DETAILS)


def chained(acts: list[Act]) -> tuple[list[Entry], Head]:
    entries, digest = [], ORIGIN
    for number, act in enumerate(acts, start=1):
        entry = Entry(**vars(act), id=number, at=WHEN + timedelta(seconds=number), previous=digest, digest="")
        digest = digest_of(entry)
        entries.append(replace(entry, digest=digest))
    return entries, Head(entries=len(entries), digest=digest)


@given(st.lists(ACTS))
def test_an_untouched_log_has_no_fault(acts: list[Act]) -> None:
    assert first_fault(*chained(acts)) is None


@given(st.lists(ACTS, min_size=1), st.data())
def test_any_changed_field_is_found(acts: list[Act], data: st.DataObject) -> None:
    entries, head = chained(acts)
    number = data.draw(st.integers(0, len(entries) - 1))
    name, values = data.draw(
        st.sampled_from(
            [
                ("action", st.text()),
                ("actor", IDS),
                ("subject", IDS),
                ("guild_id", IDS),
                ("details", DETAILS),
                ("at", st.datetimes(timezones=st.just(UTC))),
                ("previous", st.text("0123456789abcdef", min_size=64, max_size=64)),
                ("digest", st.text("0123456789abcdef", min_size=64, max_size=64)),
                ("id", st.integers(-5, 50)),
            ]
        )
    )
    old = getattr(entries[number], name)
    changed = data.draw(values.filter(lambda value: value != old))
    entries[number] = replace(entries[number], **{name: changed})

    assert first_fault(entries, head) is not None


@given(st.lists(ACTS, min_size=1), ACTS, st.data())
def test_a_forged_entry_with_its_own_digest_is_found(acts: list[Act], forged: Act, data: st.DataObject) -> None:
    entries, head = chained(acts)
    number = data.draw(st.integers(0, len(entries) - 1).filter(lambda place: acts[place] != forged))
    entry = replace(entries[number], **vars(forged))
    entries[number] = replace(entry, digest=digest_of(entry))

    assert first_fault(entries, head) is not None


@given(st.lists(ACTS, min_size=1), st.data())
def test_any_deletion_is_found_that_of_the_end_too(acts: list[Act], data: st.DataObject) -> None:
    entries, head = chained(acts)
    gone = data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=1))

    assert first_fault([each for number, each in enumerate(entries) if number not in gone], head) is not None


@given(st.lists(ACTS, min_size=2), st.data())
def test_any_other_order_is_found_under_new_numbers_too(acts: list[Act], data: st.DataObject) -> None:
    entries, head = chained(acts)
    order = data.draw(st.permutations(range(len(entries))).filter(lambda found: list(found) != sorted(found)))
    moved = [entries[place] for place in order]

    assert first_fault(moved, head) is not None
    assert first_fault([replace(each, id=number) for number, each in enumerate(moved, start=1)], head) is not None


async def test_what_is_appended_verifies_with_every_kind_of_value(database: Database) -> None:
    async with database.transaction() as session:
        await append(session, Act(action="strike", subject=2**62, details={"scores": {"a": -1.8, "ü": 1e-7}, "n": 3}))
        await append(session, Act(action="ban", actor=1, subject=2, guild_id=3), Act(action="unban"))
    audit = Audit(database)

    assert await audit.verify() is None
    assert (await audit.head()).entries == 3
    assert [each.action for each in await audit.about(2)] == ["ban"]


async def test_an_entry_is_written_with_what_it_tells_of_or_not_at_all(database: Database) -> None:
    async def broken() -> None:
        async with database.transaction() as session:
            await append(session, Act(action="ban"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    audit = Audit(database)

    assert (await audit.head()).entries == 0
    assert await audit.verify() is None


async def test_entries_written_at_once_make_one_chain(database: Database) -> None:
    async def write(number: int) -> None:
        async with database.transaction() as session:
            await append(session, Act(action="ban", subject=number), Act(action="unban", subject=number))

    await asyncio.gather(*(write(number) for number in range(12)))
    audit = Audit(database)

    assert await audit.verify() is None
    assert (await audit.head()).entries == 24


@pytest.mark.parametrize("statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit"])
async def test_the_database_itself_refuses_to_change_it(database: Database, statement: str) -> None:
    async with database.transaction() as session:
        await append(session, Act(action="ban"))
    with pytest.raises(DBAPIError, match="append-only"):
        async with database.transaction() as session:
            await session.execute(text(statement))


async def test_a_change_past_the_database_is_found(database: Database) -> None:
    async with database.transaction() as session:
        await append(session, Act(action="ban", subject=1), Act(action="ban", subject=2))
    drop = "DROP TRIGGER audit_no_UPDATE" if database.is_sqlite else "DROP TRIGGER audit_append_only ON audit"
    async with database.transaction() as session:
        await session.execute(text(drop))
        await session.execute(update(AuditRow).where(AuditRow.id == 1).values(subject=3))

    assert await Audit(database).verify() == "entry 1 was changed"


async def test_a_log_that_is_written_to_while_it_is_read_is_not_called_forged(database: Database) -> None:
    async with database.transaction() as session:
        await append(session, Act(action="ban"), Act(action="unban"))
    async with database.reading() as reader:
        entries = (await reader.scalars(select(AuditHeadRow))).one().entries
        async with database.transaction() as session:
            await append(session, Act(action="ban"))
        rows = list(await reader.scalars(select(AuditRow)))

    assert len(rows) == entries == 2
