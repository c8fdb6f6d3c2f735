"""/verify: what a picture shows of its making, to whom, and that it claims no more than was found."""

import asyncio
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from bot_kit import POLL_SECONDS, House, channel_of, settled
from fakes import textured
from guest import Guest, Json, record_ids
from PIL import Image, ImageEnhance, ImageOps
from PIL.PngImagePlugin import PngInfo
from sqlalchemy import update
from strict_policy import id_of

from bot.verification import likely_sizes
from db.fingerprints import Fingerprints
from db.history import Record, Showing
from db.session import Database
from db.tables.record import RecordRow
from local_discord import permissions
from local_discord.guild import Overwrite
from provenance import record_code, watermark
from provenance.carrier import V

EPHEMERAL = 64
PROMPT = "a red circle"


async def made(house: House, who: str = "ada", channel: str = "studio") -> tuple[Json, Record, bytes]:
    """Return a message with a new picture, its record, and its file."""
    guest = house.guest(who, channel)
    house.executor.outcomes.append(textured)
    message = await guest.type(f"/imagine {PROMPT} seed:7 width:512 height:512")
    record = await house.history.get(record_ids(message)[0])
    assert record is not None
    return message, record, await guest.fetch(message["attachments"][0])


async def verified(guest: Guest, data: bytes, name: str = "picture.png") -> str:
    """Return what is told of a file, to the person alone and without a licence on the way."""
    started = await guest.post("run", {"channel": guest.channel, "text": "/verify"}, ((name, data),))
    message = await settled(guest, started)
    assert message["flags"] & EPHEMERAL
    return str(message["content"])


async def asked(guest: Guest, text: str) -> str:
    """Return the answer to a command."""
    started = await guest.post("run", {"channel": guest.channel, "text": text})
    return str((await settled(guest, started))["content"])


async def whispers(guest: Guest, count: int) -> list[str]:
    """Return what the person alone was told, once it is so much."""
    async with asyncio.timeout(20):
        while True:
            told = [each["content"] for each in await guest.messages() if each["flags"] & EPHEMERAL]
            if len(told) == count:
                return told
            await asyncio.sleep(POLL_SECONDS)


async def changed(database: Database, record: Record, **values: Any) -> None:
    """Let a record be another one than it is."""
    async with database.transaction() as session:
        await session.execute(update(RecordRow).where(RecordRow.id == record.id).values(values))


def resaved(data: bytes, change: Callable[[Image.Image], Image.Image], kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    change(Image.open(io.BytesIO(data)).convert("RGB")).save(file, kind, **options)
    return file.getvalue()


def as_it_is(image: Image.Image) -> Image.Image:
    return image


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BICUBIC)


def half_and_back(image: Image.Image) -> Image.Image:
    return half(image).resize(image.size, Image.Resampling.BICUBIC)


def darker(image: Image.Image) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.8)


def without_edge(image: Image.Image) -> Image.Image:
    return image.crop((3, 5, image.width - 2, image.height - 4))


def soft(seed: int = 0) -> bytes:
    """Return a picture that no model drew."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((256, 192), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def link(house: House, message: Json, guild: object = None) -> str:
    where = house.server.core.world.home.id if guild is None else guild
    return f"https://discord.com/channels/{where}/{message['channel_id']}/{message['id']}"


async def test_the_bots_own_file_is_known_to_the_byte(house: House) -> None:
    _, record, file = await made(house)
    told = await verified(house.guest("ben"), file)

    assert told.startswith(f"**This bot made it.** The file is the same to the byte as that of picture `{record.id}`")
    assert "136 of 136 bits agree as the picture is" in told
    assert "fewer than one of a million" in told
    assert "SHA-256" in told
    assert f"made <t:{int(record.finished_at.timestamp())}:f>" in told
    assert f"Prompt: {PROMPT}" in told
    assert "Record: " in told
    assert "trainedAlgorithmicMedia" in told
    assert "moderators" not in told
    assert str(record.user_id) not in told


@pytest.mark.parametrize(
    ("change", "kind", "options"),
    [(as_it_is, "JPEG", {"quality": 70}), (half_and_back, "PNG", {}), (as_it_is, "WEBP", {"quality": 80})],
)
async def test_a_changed_copy_points_to_the_bot_and_is_not_called_the_same(
    house: House, change: Any, kind: str, options: dict[str, int]
) -> None:
    _, record, file = await made(house)
    told = await verified(house.guest("ben"), resaved(file, change, kind, **options), f"copy.{kind.lower()}")

    assert told.startswith(f"**It points to this bot.** Its pixels carry the id of picture `{record.id}`")
    assert "bits agree as the picture is" in told
    assert "up to 31 are taken for the same" in told
    assert "to the byte" not in told
    assert "nothing about its making" in told


async def test_a_copy_of_half_the_size_is_read_at_the_size_that_it_had(house: House) -> None:
    _, record, file = await made(house)
    told = await verified(house.guest("ben"), resaved(file, half))

    assert "scaled to 512×512" in told
    assert "ten million" in told
    assert record.id in told


async def test_a_part_is_told_from_the_whole_and_said_to_look_like_it(house: House) -> None:
    _, record, file = await made(house)
    told = await verified(house.guest("ben"), resaved(file, without_edge))

    assert told.startswith("**It carries a mark of Stable Diffusion.** Many programs write this mark")
    assert "its grid begins 5 pixels from the left and 3 from the top" in told
    assert "Id in the pixels" not in told
    assert f"it differs from picture `{record.id}`" in told


@pytest.mark.parametrize(("change", "way"), [(ImageOps.mirror, "is mirrored"), (darker, "is made lighter or darker")])
async def test_a_mirrored_or_darker_copy_is_told_as_such_and_keeps_the_id(house: House, change: Any, way: str) -> None:
    _, record, file = await made(house)
    told = await verified(house.guest("ben"), resaved(file, change))

    assert f"agree once the picture {way}" in told
    assert f"Id in the pixels: `{record.id}`" in told


async def test_a_copy_without_marks_only_looks_like_it(house: House) -> None:
    _, record, file = await made(house)
    blurred = resaved(file, lambda image: image.resize((60, 60)).resize((300, 300)), "JPEG", quality=20)
    told = await verified(house.guest("ben"), blurred, "copy.jpg")

    assert told.startswith(f"**It looks like** picture `{record.id}`")
    assert "no proof" in told
    assert "Watermark: none was found" in told


async def test_of_a_strangers_picture_nothing_is_found_and_that_proves_nothing(house: House) -> None:
    await made(house)
    told = await verified(house.guest("ben"), soft())

    assert told.startswith("**Nothing was found.** That proves nothing")
    assert "Watermark: none was found" in told
    assert "no picture that you can see here looks like it" in told
    assert "Picture `" not in told


async def test_too_little_to_compare_is_said_so(house: House, png: bytes) -> None:
    assert "too little in the picture" in await verified(house.guest("ben"), png)


async def test_what_a_file_says_of_itself_is_told_as_that(house: House) -> None:
    words, file = PngInfo(), io.BytesIO()
    words.add_text("parameters", "an *unsafe* prompt\nSteps: 20, Seed: 7, Model: **other**, Size: 64x64")
    Image.open(io.BytesIO(soft())).save(file, "PNG", pnginfo=words)
    told = await verified(house.guest("ben"), file.getvalue())

    assert told.startswith("**Nothing was found but what its file says of itself.** Anybody can write that")
    assert r"Model: \*\*other\*\*, Seed: 7, Size: 64x64" in told
    assert "unsafe" not in told


async def test_an_id_in_other_pixels_is_no_proof(house: House) -> None:
    _, record, _ = await made(house)
    pixels = watermark.embed(np.asarray(Image.open(io.BytesIO(soft(1))).resize((512, 512))), record.id)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    told = await verified(house.guest("ben"), file.getvalue())

    assert told.startswith("**It points to this bot, but it is no proof.**")
    assert "somebody put the id there" in told


async def test_an_id_without_a_watermark_is_not_called_one(house: House) -> None:
    pixels = np.array(Image.open(io.BytesIO(soft(1))).resize((512, 512)))
    V.write(pixels, record_code.encode("7KQ2ZD4M0X"))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    told = await verified(house.guest("ben"), file.getvalue())

    assert told.startswith("**It carries an id as this program writes them**, and no watermark.")
    assert "Watermark: none was found" in told


@pytest.mark.parametrize("change", [None, half, without_edge])
@pytest.mark.parametrize(
    "hidden",
    [
        {"guild_id": 1, "channel_id": 2},
        {"guild_id": None, "private": True},
        {"showing": Showing.HELD},
    ],
)
async def test_of_what_the_person_may_not_see_the_pixels_alone_are_told(
    house: House, sqlite_database: Database, hidden: dict[str, Any], change: Any
) -> None:
    """The answer is word for word that of a bot which has no such picture, to a moderator too."""
    _, record, file = await made(house)
    sent = file if change is None else resaved(file, change)
    await changed(sqlite_database, record, **hidden)
    told = [await verified(house.guest(name), sent) for name in ("ben", "mia")]
    await changed(sqlite_database, record, id="0123456789", sha256="0" * 64, pdq=None)
    house.studio.verification._fingerprints = Fingerprints(sqlite_database)
    unknown = await verified(house.guest("ben"), sent)

    assert told == [unknown, unknown]
    assert ("signed by this bot" if change is None else "carries a mark of Stable Diffusion") in unknown
    assert PROMPT not in unknown
    assert str(record.user_id) not in unknown


async def test_deleted_pictures_are_told_of_to_nobody(house: House) -> None:
    _, record, file = await made(house)
    await house.history.delete(record.id, record.user_id)

    for name in ("ada", "ben", "mia"):
        told = await verified(house.guest(name), file)
        assert told.startswith("**This bot made it.** The file is signed by this bot")
        assert "I have no picture of that id that you can see here" in told
        assert PROMPT not in told


async def test_ones_own_private_pictures_are_told_of_to_oneself(house: House) -> None:
    _, _, file = await made(house, "ada", "dm")

    assert "the same to the byte" in await verified(house.guest("ada"), file)
    assert "the same to the byte" not in await verified(house.guest("ben"), file)
    assert PROMPT not in await verified(house.guest("ben"), file)


async def test_the_prompt_of_an_age_restricted_picture_is_told_there_alone(house: House) -> None:
    _, _, file = await made(house, "ada", "after-dark")
    told, there = [await verified(house.guest("ben", room), file) for room in ("studio", "after-dark")]

    assert "This bot made it" in told
    assert "age-restricted channel" in told
    assert PROMPT not in told
    assert PROMPT in there


async def test_moderators_see_who_asked_for_it_and_when(house: House) -> None:
    _, record, file = await made(house)
    job = await house.jobs.get(record.job_id)
    assert job is not None
    told = await verified(house.guest("mia"), file)

    when = f"<t:{int(job.created_at.timestamp())}:f>"
    assert f"For moderators: asked for by <@{record.user_id}>, {when}, in <#{record.channel_id}>." in told


async def test_moderators_of_another_guild_do_not(house: House, sqlite_database: Database) -> None:
    _, record, file = await made(house)
    await changed(sqlite_database, record, guild_id=1)  # in a channel that she sees all the same
    told = await verified(house.guest("mia"), file)

    assert "This bot made it" in told
    assert "For moderators" not in told


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no picture", "no picture I can read"),
        (b"\x89PNG\r\n\x1a\n and then nothing", "damaged"),
        (soft()[:-2_000], "damaged"),
        (resaved(soft(), lambda image: image.resize((16, 16))), "each side needs at least 64"),
        (resaved(soft(), lambda image: image.resize((16_385, 64))), "at most 50 million"),
    ],
)
async def test_what_cannot_be_read_is_told_to_the_person_alone(house: House, data: bytes, reason: str) -> None:
    assert reason in await verified(house.guest("ben"), data)


async def test_too_large_a_file_is_not_even_fetched(house: House) -> None:
    house.studio.limits = house.studio.limits.model_copy(update={"upload_bytes": 1_000})

    assert "too large" in await verified(house.guest("ben"), soft())


async def test_the_link_of_a_message_is_as_good_as_its_picture(house: House) -> None:
    message, record, _ = await made(house)

    assert f"`{record.id}`" in await asked(house.guest("ben"), f"/verify link:{link(house, message)}")


async def test_the_menu_tells_of_each_picture_of_a_message(house: House) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    message = await ada.type(f"/imagine {PROMPT} count:2")
    await ben.use("Verify", message["id"])
    told = await whispers(ben, 2)

    assert [record_id in text for record_id, text in zip(record_ids(message), told, strict=True)] == [True, True]
    assert all("This bot made it" in text for text in told)
    assert all(text.startswith("**imagine-") for text in told)


async def test_of_many_pictures_the_first_are_told(house: House) -> None:
    ben = house.guest("ben")
    message = await ben.say("look", *((f"{number}.png", soft(number)) for number in range(5)))
    first = await ben.use("Verify", message["id"])

    assert "This message has 5 pictures; these are the first 4." in first["content"]
    assert all("Nothing was found" in each for each in await whispers(ben, 4))


async def test_a_message_without_a_picture_says_so(house: House) -> None:
    ben = house.guest("ben")
    message = await ben.say("nothing here")
    told = await ben.use("Verify", message["id"])

    assert "no picture in it" in told["content"]
    assert "I see no picture in that message" in await asked(ben, f"/verify link:{link(house, message)}")


async def test_a_message_that_the_person_may_not_read_is_not_read_for_them(house: House) -> None:
    hidden, _, _ = await made(house, "mia", "mod-room")
    direct, _, _ = await made(house, "ada", "dm")
    refused = [
        link(house, hidden),
        link(house, direct, "@me"),
        link(house, direct),
        link(house, hidden, 123),
        link(house, {**hidden, "id": "1"}),
    ]

    for each in refused:
        assert "you cannot read it here" in await asked(house.guest("ben"), f"/verify link:{each}")
    assert "This bot made it" in await asked(house.guest("mia"), f"/verify link:{link(house, hidden)}")
    assert "This bot made it" in await asked(house.guest("ada", "dm"), f"/verify link:{link(house, direct, '@me')}")


async def test_who_may_not_read_what_was_written_earlier_reads_it_by_no_link(house: House) -> None:
    message, _, _ = await made(house)
    room = channel_of(house.server, "studio")
    room.overwrites.append(Overwrite(id_of(house, "ben"), 1, deny=permissions.READ_HISTORY))
    house.server.core.gateway.dispatch("CHANNEL_UPDATE", room.payload(), guild_id=room.guild_id)
    told = await asked(house.guest("ben", "after-dark"), f"/verify link:{link(house, message)}")

    assert "you cannot read it here" in told


async def test_one_picture_or_one_link_is_asked_for(house: House) -> None:
    ben = house.guest("ben")

    assert "Give one of these" in await asked(ben, "/verify")
    assert "no link of a message" in await asked(ben, "/verify link:https://example.org/picture.png")


def test_a_mark_is_looked_for_at_the_sizes_drawn_most_of_the_same_shape() -> None:
    drawn = [(512, 512), (768, 512), (256, 256), (1024, 1024), (640, 640), (768, 768)]

    assert likely_sizes((256, 257), drawn) == [(512, 512), (256, 256), (1024, 1024), (640, 640)]
    assert likely_sizes((512, 512), drawn) == [(256, 256), (1024, 1024), (640, 640), (768, 768)]
    assert likely_sizes((300, 200), drawn) == [(768, 512)]
