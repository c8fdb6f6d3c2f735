"""The history: who sees what, and how it is found."""

from datetime import UTC, datetime

import pytest
from db_samples import ALICE, BOB, CHANNEL

from db.history import History, shown_by
from db.ids import ALPHABET, new_record_id, tidy_record_id
from db.privacy import Privacy
from db.search import Criteria
from db.session import Database

HERE, ELSEWHERE, NOWHERE = {CHANNEL}, {CHANNEL + 99}, frozenset()


@pytest.fixture
def history(database: Database) -> History:
    return History(database)


def ids(records) -> list[str]:
    return [record.id for record in records]


async def test_a_record_keeps_all_that_made_the_picture(history, made, new_record):
    said = {
        "prompt": "ein Fuchs 🦊 \u202bמימין לשמאל",
        "negative_prompt": "100%_\\",
        "seed": 2**32 - 1,
        "strength": 0.0,
        "factor": 4,
        "request": {"prompt": "x", "seed": 0, "source": None},
    }

    record = await history.get(await made(record=said))

    expected = vars(new_record(**said, id=record.id))
    assert {name: getattr(record, name) for name in expected} == expected
    assert record.finished_at.tzinfo is UTC
    assert record.created_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("viewer", "channels", "private", "seen"),
    [
        (ALICE, HERE, False, True),
        (ALICE, HERE, True, True),
        (ALICE, ELSEWHERE, True, True),
        (ALICE, NOWHERE, True, True),
        (BOB, HERE, False, True),
        (BOB, HERE, True, False),
        (BOB, ELSEWHERE, False, False),
        (BOB, NOWHERE, False, False),
    ],
)
async def test_who_sees_a_picture_of_alices_channel(history, made, viewer, channels, private, seen):
    record_id = await made(private=private)

    assert (await history.visible(record_id, viewer, channels) is not None) == seen
    assert (await history.search(viewer, channels)).total == seen
    assert (await history.suggestions(viewer, channels, record_id) != []) == seen


async def test_nobody_else_sees_what_was_made_in_a_direct_message(history, made):
    record_id = await made(guild_id=None)

    assert await history.visible(record_id, BOB, NOWHERE) is None
    assert (await history.search(BOB, NOWHERE)).total == 0
    assert await history.visible(record_id, ALICE, NOWHERE) is not None


async def test_a_record_that_does_not_exist_is_not_seen(history, made):
    await made()

    assert await history.visible("0000000000", ALICE, HERE) is None
    assert await history.visible("' OR 1=1 --", ALICE, HERE) is None


async def test_a_deleted_record_is_out_of_sight_and_still_known(database, history, made):
    record_id = await made()

    assert await history.delete(record_id, by=BOB)
    assert not await history.delete(record_id, by=ALICE)

    assert await history.visible(record_id, ALICE, HERE) is None
    assert (await history.search(ALICE, HERE)).total == 0
    record = await history.get(record_id)
    assert record.deleted_by == BOB
    assert await Privacy(database).needed() == set()


async def test_lists_show_age_restricted_pictures_only_where_they_belong(history, made):
    restricted, other = await made(age_restricted=True), await made()

    assert ids((await history.search(ALICE, HERE)).records) == [other]
    assert ids((await history.search(ALICE, HERE, age_restricted=True)).records) == [other, restricted]
    assert ids(await history.suggestions(ALICE, HERE, "fox")) == [other]
    assert ids(await history.suggestions(ALICE, HERE, "fox", age_restricted=True)) == [other, restricted]


async def test_a_search_is_paged_with_the_newest_first(history, made):
    made_ids = [await made() for _ in range(5)]

    pages = [await history.search(ALICE, HERE, limit=2, offset=offset) for offset in (0, 2, 4, 6)]

    assert [record_id for page in pages for record_id in ids(page.records)] == made_ids[::-1]
    assert {page.total for page in pages} == {5}


async def test_pictures_of_one_job_stay_in_their_order(history, jobs, new_job, new_record):
    job, _ = await jobs.submit(new_job(pictures=3))
    leased = await jobs.claim(job.id, "local/0", 60)
    pictures = [new_record(index=index) for index in range(3)]
    await jobs.complete(job.id, leased.fence, pictures[::-1], seconds=3.0)

    assert ids((await history.search(ALICE, HERE)).records) == ids(pictures)
    assert ids(await history.of_job(job.id)) == ids(pictures)


async def test_a_search_can_be_for_one_persons_pictures(history, made):
    hers, his = await made(), await made(user_id=BOB)
    await made(user_id=BOB, private=True)

    assert ids((await history.search(ALICE, HERE, criteria=Criteria(user_id=BOB))).records) == [his]
    assert ids((await history.search(ALICE, HERE, criteria=Criteria(user_id=ALICE))).records) == [hers]


async def test_suggestions_match_the_start_of_an_id_or_a_prompt(history, made):
    fox, owl = await made(record={"prompt": "a fox"}), await made(record={"prompt": "an owl"})

    assert ids(await history.suggestions(ALICE, HERE, "")) == [owl, fox]
    assert ids(await history.suggestions(ALICE, HERE, " OWL ")) == [owl]
    assert ids(await history.suggestions(ALICE, HERE, fox[:6].lower())) == [fox]
    assert ids(await history.suggestions(ALICE, HERE, "", limit=1)) == [owl]


async def test_descent_is_known_in_both_directions(history, made):
    parent = await made()
    varied = await made(action="vary", parent_id=parent)
    again = await made(action="reproduce", reproduces=parent)

    assert [(line.record.id, line.kind) for line in await history.children(parent, ALICE, HERE)] == [
        (varied, "vary"),
        (again, "reproduce"),
    ]
    assert [(line.record.id, line.kind) for line in await history.parents(varied, ALICE, HERE)] == [(parent, "vary")]
    assert await history.parents(parent, ALICE, HERE) == []


async def test_descent_is_told_only_as_far_as_it_is_seen(history, made):
    secret = await made(private=True)
    child = await made(action="vary", parent_id=secret)
    hidden = await made(action="vary", parent_id=child, private=True)
    gone, shown = await made(action="vary", parent_id=child), await made(action="vary", parent_id=child)
    await history.delete(gone, by=ALICE)

    assert await history.parents(child, BOB, HERE) == []
    assert [line.record.id for line in await history.parents(child, ALICE, HERE)] == [secret]
    assert [line.record.id for line in await history.children(child, BOB, HERE)] == [shown]
    assert [line.record.id for line in await history.children(child, ALICE, HERE)] == [hidden, shown]
    assert await history.children(child, BOB, NOWHERE) == []
    assert len(await history.children(child, ALICE, HERE, limit=1)) == 1


async def test_a_picture_may_come_from_and_reproduce_the_same_one(history, made):
    parent = await made()
    child = await made(action="reproduce", parent_id=parent, reproduces=parent)

    assert len(await history.parents(child, ALICE, HERE)) == 1


async def test_records_are_found_by_the_message_that_shows_them(database, history, made):
    record_id = await made()
    job_id = (await history.get(record_id)).job_id

    async with database.transaction() as session:
        await session.execute(shown_by(job_id, 1 << 61))

    assert ids(await history.by_message(1 << 61)) == [record_id]
    assert await history.by_message(1) == []


def test_ids_are_short_random_and_forgiving_to_type():
    made_ids = {new_record_id() for _ in range(1000)}

    assert len(made_ids) == 1000
    assert all(len(record_id) == 10 and set(record_id) <= set(ALPHABET) for record_id in made_ids)
    assert all(tidy_record_id(f" {record_id[:5].lower()}-{record_id[5:]} ") == record_id for record_id in made_ids)
    assert tidy_record_id("oOiIlL0123") == "0011110123"


async def test_a_record_is_found_by_an_id_typed_by_hand(history, made):
    record_id = await made()

    assert (await history.visible(f"{record_id[:5].lower()}-{record_id[5:]}", ALICE, HERE)).id == record_id
