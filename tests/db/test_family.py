"""Families: who was made from whom, whoever may see it."""

import pytest
from db_samples import ALICE, BOB, CHANNEL
from sqlalchemy import event

from db import lineage
from db.history import History
from db.lineage import Line, Lineage
from db.people import People
from db.tables.lineage import LineageRow
from db.tables.record import Sharing


@pytest.fixture
def family(database) -> Lineage:
    return Lineage(database)


async def test_a_family_has_ancestors_descendants_and_their_other_parents(database, family, made):
    oldest = await made()
    parent = await made(action="vary", parent_id=oldest)
    focus = await made(action="upscale", parent_id=parent)
    sister = await made(action="vary", parent_id=parent)
    stranger = await made()
    blend = await made(action="blend", parent_id=focus, further_parents=[stranger])
    kin = await family.kin(focus, 24, 6)

    assert kin.ids == (focus, parent, blend, stranger, oldest)
    assert sister not in kin.ids
    assert set(kin.lines) == {
        Line(oldest, parent, "vary"),
        Line(parent, focus, "upscale"),
        Line(focus, blend, "blend"),
        Line(stranger, blend, "blend"),
    }
    assert (kin.more, kin.uncounted) == (0, False)


async def test_the_nearest_come_first_and_the_rest_is_counted(family, made):
    chain = [await made()]
    for _ in range(5):
        chain.append(await made(action="vary", parent_id=chain[-1]))
    few, near = await family.kin(chain[2], 3, 6), await family.kin(chain[2], 24, 1)

    assert few.ids == near.ids == (chain[2], chain[1], chain[3])
    assert few.more == near.more == 3


async def test_a_family_that_is_too_large_to_count_is_said_to_be(family, made, monkeypatch):
    monkeypatch.setattr(lineage, "COUNTED", 3)
    focus = await made()
    for _ in range(4):
        await made(action="vary", parent_id=focus)

    assert (await family.kin(focus, 2, 6)).uncounted


async def test_no_query_is_as_long_as_a_family_is_large(database, family, made, monkeypatch):
    monkeypatch.setattr(lineage, "COUNTED", 3)
    focus = await made()
    for _ in range(9):
        await made(action="vary", parent_id=focus)
    asked = []
    watch = lambda connection, cursor, statement, values, *_: asked.append(len(values))  # noqa: E731
    event.listen(database._engine.sync_engine, "before_cursor_execute", watch)
    await family.kin(focus, 2, 6)

    assert asked
    assert max(asked) <= 4  # the ids of three children, or what is asked of the nearest two; and the limit


async def test_a_circle_of_lines_has_an_end(database, family, made):
    one, other = await made(), await made()
    async with database.transaction() as session:
        session.add(LineageRow(child_id=one, parent_id=other, kind="vary"))
        session.add(LineageRow(child_id=other, parent_id=one, kind="vary"))

    assert set((await family.kin(one, 24, 6)).ids) == {one, other}


async def test_parents_are_told_by_their_action(family, made):
    parent = await made()
    child = await made(action="vary", parent_id=parent)

    assert await family.parents([parent, child]) == {child: {parent: "vary"}}


async def test_an_original_is_found_through_its_reproductions(database, made):
    original = await made()
    copy = await made(action="reproduce", reproduces=original)
    again = await made(action="reproduce", reproduces=copy)
    varied = await made(action="vary", parent_id=again)
    history = History(database)

    for record_id, expected in ((again, original), (original, original), (varied, varied)):
        record = await history.get(record_id)
        assert record is not None
        assert (await history.original(record)).id == expected


@pytest.mark.parametrize("sharing", list(Sharing))
async def test_a_picture_is_shared_as_its_person_wishes_when_it_is_made(database, made, sharing):
    await People(database).share(ALICE, sharing)
    hers, his, alone = await made(), await made(user_id=BOB), await made(private=True)
    history = History(database)

    assert [(await history.get(each)).sharing for each in (hers, his, alone)] == [
        sharing,
        Sharing.OPEN,
        Sharing.PRIVATE,
    ]
    assert (await history.visible(hers, BOB, {CHANNEL}) is None) == (sharing is Sharing.PRIVATE)
