"""Small tables: acceptances and uploads."""

from db_samples import ALICE, BOB

from db.people import People
from db.privacy import Privacy
from db.uploads import Uploads


async def test_a_licence_counts_in_the_version_that_was_accepted(database):
    people = People(database)
    assert not await people.has_accepted(ALICE, "1")

    await people.accept_licence(ALICE, "1")
    assert await people.has_accepted(ALICE, "1")
    assert not await people.has_accepted(ALICE, "2")
    assert not await people.has_accepted(BOB, "1")

    await people.accept_licence(ALICE, "2")
    assert await people.has_accepted(ALICE, "2")


async def test_an_upload_is_kept_once_per_person_and_never_swept(database, made):
    uploads = Uploads(database)
    for user in (BOB, ALICE, BOB):
        await uploads.add("12" * 32, user, 640, 480)
    await made(record={"sha256": "34" * 32})

    assert await uploads.senders("12" * 32) == [BOB, ALICE]
    assert await Privacy(database).needed() == {"12" * 32, "34" * 32}
