"""Words that came with somebody else's picture: kept out of files as they wished, and nobody punished for them."""

from io import BytesIO

from bot_kit import House, first_answer, settled
from guest import Guest, Json, record_ids
from PIL import Image
from sqlalchemy import update

from db.session import Database
from db.tables.record import RecordRow


async def told_by(guest: Guest, message: Json) -> str:
    """Return what the file under a message says of its making."""
    return str(Image.open(BytesIO(await guest.fetch(message["attachments"][0]))).info["parameters"])


async def test_files_of_what_is_made_from_a_picture_keep_its_words_as_silent_as_its_own(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    await ada.type("/imagine a blue square")
    await settled(ada, await ada.push(await first_answer(ada, "/privacy"), "Keep my words out of files"))
    [silent] = record_ids(await ada.type("/imagine a quince"))
    [bens] = record_ids(await ben.type("/imagine a medlar"))
    varied = await ben.type(f"/vary picture:{silent}")
    [child] = record_ids(varied)

    for command in (f"/vary picture:{child}", f"/blend picture_1:{bens} picture_2:{child}", f"/reproduce id:{silent}"):
        made = await ben.type(command)
        record = await house.history.get(record_ids(made)[0])
        assert record is not None
        assert "quince" in record.prompt
        assert not record.publishes_prompt, "an export does not tell them either"
        assert "quince" not in await told_by(ben, made)
    assert "quince" not in await told_by(ben, varied)
    assert "medlar" in await told_by(ben, await ben.type(f"/vary picture:{child} prompt:a medlar"))


async def test_nobody_is_locked_for_what_others_words_say_together(strict_house: House) -> None:
    ada, ben, mia = (strict_house.guest(name) for name in ("ada", "ben", "mia"))
    [lantern] = record_ids(await ada.type("/imagine a lantern"))
    [harbour] = record_ids(await mia.type("/imagine a harbour"))
    refused = await ben.type(f"/blend picture_1:{lantern} picture_2:{harbour}")

    assert not record_ids(refused)
    assert "locked" not in refused["content"]
    assert record_ids(await ben.type("/imagine a red circle"))


async def test_a_strike_is_for_words_that_one_typed(strict_house: House, sqlite_database: Database) -> None:
    ada, ben = strict_house.guest("ada"), strict_house.guest("ben")
    [made] = record_ids(await ada.type("/imagine a red circle"))
    record = await strict_house.history.get(made)
    assert record is not None
    async with sqlite_database.transaction() as session:  # as of a day when the policy let it through
        words = {"prompt": "a bridge", "request": record.request | {"prompt": "a bridge"}}
        await session.execute(update(RecordRow).where(RecordRow.id == made).values(words))
    inherited = await ben.type(f"/vary picture:{made}")
    typed = await ben.type(f"/vary picture:{made} prompt:an old bridge")

    assert not record_ids(inherited)
    assert "strike" not in inherited["content"]
    assert "This is strike 1" in typed["content"]
