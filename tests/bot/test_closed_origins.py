"""Closed and hidden pictures stay so through their files, their reproductions and what was made from them."""

from io import BytesIO

import pytest
from bot_kit import House, first_answer, gone, settled
from fakes import textured
from guest import Guest, record_ids
from PIL import Image

from db.never_again import NeverAgain
from db.session import Database

CLOSED = "has closed that picture"


async def sent(guest: Guest, file: bytes) -> str:
    return str((await guest.type("/vary", ("mine.png", file)))["content"])


def saved_again(file: bytes, kind: str, **options: object) -> bytes:
    """Return the picture in another file, without any of its texts."""
    image, again = Image.open(BytesIO(file)).convert("RGB"), BytesIO()
    image.save(again, kind, **options)
    return again.getvalue()


async def test_the_file_of_a_reproduction_is_as_closed_as_its_original(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    [made] = record_ids(await ada.type("/imagine a red circle"))
    await ada.type(f"/sharing others:closed picture:{made}")
    reproduced = await ben.type(f"/reproduce id:{made}")
    file = await ben.fetch(reproduced["attachments"][0])

    assert CLOSED in await sent(ben, file)
    assert CLOSED not in await sent(ada, file)


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("WEBP", {"quality": 80})])
async def test_a_closed_picture_is_known_in_another_file(house: House, kind: str, options: dict[str, object]) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    house.executor.outcomes = [textured]
    result = await ada.type("/imagine a red circle width:512 height:512")
    again = saved_again(await ben.fetch(result["attachments"][0]), kind, **options)
    before = await sent(ben, again)
    await ada.type(f"/sharing others:closed picture:{record_ids(result)[0]}")

    assert CLOSED not in before
    assert CLOSED in await sent(ben, again)
    assert CLOSED not in await sent(ada, again)


async def varied(house: House) -> tuple[str, str]:
    """Return Ada's picture, and one that Ben drew over it."""
    [made] = record_ids(await house.guest("ada").type("/imagine a red circle"))
    [child] = record_ids(await house.guest("ben").type(f"/vary picture:{made}"))
    return made, child


async def draws_over(house: House, child: str) -> list[str]:
    """Return what Ben is told who draws over Ada's picture again by what he made of it."""
    ben = house.guest("ben")
    shown = await ben.type(f"/show id:{child}")
    again = await settled(ben, await ben.push(shown, "Again"))
    return [str(again["content"]), str((await ben.type(f"/vary picture:{child} by:seed"))["content"])]


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        ("/sharing others:closed picture:{}", CLOSED),
        ("/sharing others:private picture:{}", "drawn over another picture, which is deleted or which you cannot see"),
    ],
)
async def test_what_was_made_from_a_picture_leads_to_it_no_longer_than_it_is_open(
    house: House, act: str, sentence: str
) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    made, child = await varied(house)
    await ada.type(act.format(made))
    for told in await draws_over(house, child):
        assert sentence in told
    assert record_ids(await ben.type(f"/vary picture:{child}")), "the pixels that Ben made are his"
    assert "Identical" in (await ben.type(f"/reproduce id:{child}"))["content"]


async def test_what_was_made_from_a_deleted_picture_is_not_drawn_over_it_again(house: House) -> None:
    ada = house.guest("ada")
    made, child = await varied(house)
    shown = await ada.type(f"/show id:{made}")
    await ada.push(shown, "Delete")
    await gone(ada, shown)

    for told in await draws_over(house, child):
        assert "drawn over another picture, which is deleted" in told


async def test_what_is_never_to_be_seen_again_is_not_drawn_over_either(house: House, sqlite_database: Database) -> None:
    made, child = await varied(house)
    record = await house.history.get(made)
    assert record is not None
    assert record.guild_id is not None
    assert record.pdq is not None
    await NeverAgain(sqlite_database).add(record.guild_id, record.pdq, by=1)

    for told in await draws_over(house, child):
        assert "do not want that picture" in told


async def test_who_deletes_everything_leaves_nobody_a_picture_to_draw_over(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    made, child = await varied(house)
    record = await house.history.get(made)
    assert record is not None
    asked = await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Delete everything"))
    await settled(ada, await ada.push(asked, "Yes, delete it"))
    reproduced = await ben.type(f"/reproduce id:{child}")

    assert not await house.store.exists(record.sha256)
    assert "The picture to start from is no longer there" in reproduced["content"]
    for told in await draws_over(house, child):
        assert "drawn over another picture, which is deleted" in told
    assert record_ids(await ben.type(f"/vary picture:{child}"))
