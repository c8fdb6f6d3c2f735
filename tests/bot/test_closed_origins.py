"""Closed and hidden pictures stay so through their files, their reproductions and what was made from them."""

from io import BytesIO

import pytest
from bot_kit import House
from fakes import textured
from guest import Guest, record_ids
from PIL import Image

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
