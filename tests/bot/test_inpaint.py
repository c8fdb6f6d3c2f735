"""/inpaint and the button for it: every way to a mask, on a local Discord."""

import asyncio
import gc
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bot_kit import POLL_SECONDS, House, in_channel, open_house, open_jobs
from fakes import FakeFinder
from guest import Guest, Json, components, custom_id, record_ids
from numpy.typing import NDArray
from PIL import ExifTags, Image
from sqlalchemy import select
from strict_policy import write_policy

from bot.inpainting import Original
from config.settings import load_settings
from db.session import Database
from db.tables.upload import UploadRow
from inference.contract import CheckpointUnusable
from inference.request import Task
from local_discord.server import LocalDiscord
from painting.paintings import MOST_OF_ONE

EPHEMERAL = 64
LEFT, TOP = (0, 0, 128, 256), (0, 0, 256, 128)


def file_of(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def half_white(size: tuple[int, int] = (256, 256)) -> bytes:
    image = Image.new("L", size)
    image.paste(255, (0, 0, size[0] // 2, size[1]))
    return file_of(image)


def half_transparent() -> Image.Image:
    image = Image.new("RGBA", (256, 256), "teal")
    image.paste((0, 0, 0, 0), TOP)
    return image


async def mask_of(house: House) -> NDArray[np.uint8]:
    """The mask of the last job, as it lies in the store."""
    request = house.executor.attempts[-1].request
    assert request.task is Task.INPAINT
    assert request.mask is not None
    image = Image.open(io.BytesIO(await house.store.read(request.mask)))
    assert (image.format, image.mode) == ("PNG", "L")
    return np.asarray(image)


def is_white_in(mask: NDArray[np.uint8], box: tuple[int, int, int, int]) -> bool:
    """Whether a mask is white in a box, and black elsewhere."""
    expected = np.zeros((256, 256), np.uint8)
    expected[box[1] : box[3], box[0] : box[2]] = 255
    return bool(np.array_equal(mask, expected))


async def drawn(guest: Guest) -> str:
    return record_ids(await guest.type("/imagine a red circle"))[0]


async def inpaint(guest: Guest, *files: tuple[str, bytes], **options: Any) -> Json:
    """Fill in the command's form; a file's option gives its number."""
    run = {"channel": guest.channel, "command": "inpaint", "options": {"prompt": "a blue square"} | options}
    return await guest.follow((await guest.post("run", run, files))["interaction"])


def link_of(message: Json) -> str:
    return next(str(each["url"]) for each in components(message) if each.get("style") == 5)


async def paint(house: House, link: str, mask: bytes) -> tuple[int, str]:
    """Send a mask as the page does; return the status and the sentence that came back."""
    async with house.session.post(link, data=mask) as response:
        return response.status, (await response.json()).get("error", "")


async def picture_at(house: House, link: str) -> tuple[int, str]:
    """Ask for the picture as the page does; return the status and the sentence that came instead, if any."""
    async with house.session.get(f"{link}/picture") as response:
        return response.status, "" if response.ok else (await response.json())["error"]


async def result_of(guest: Guest) -> Json:
    """Return the channel's newest message once it is that of a job which is over."""
    async with asyncio.timeout(20):
        while not custom_id(newest := (await in_channel(guest))[-1], "imagine:again"):  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
        return newest


async def test_a_part_named_by_words_is_drawn_anew(house: House) -> None:
    ada = house.guest()
    first = await drawn(ada)
    message = await inpaint(ada, picture=first, region="left half", strength="0.8", seed=0, negative_prompt="red")
    request = house.executor.attempts[-1].request

    assert (request.prompt, request.negative_prompt) == ("a blue square", "red")
    assert (request.strength, request.seed) == (0.8, 0)
    assert is_white_in(await mask_of(house), LEFT)
    assert f"from `{first}`" in message["content"]


async def test_a_mask_of_the_same_shape_is_scaled(house: House) -> None:
    ada = house.guest()
    await inpaint(ada, ("mask.png", half_white((512, 512))), picture=await drawn(ada), mask=0)

    assert is_white_in(await mask_of(house), LEFT)


async def test_the_transparent_part_of_an_own_picture_is_drawn_anew(house: House) -> None:
    await inpaint(house.guest(), ("mine.png", file_of(half_transparent())), upload=0)

    assert is_white_in(await mask_of(house), TOP)


async def test_the_transparent_part_of_a_mask_is_drawn_anew(house: House) -> None:
    ada = house.guest()
    await inpaint(ada, ("mask.png", file_of(half_transparent())), picture=await drawn(ada), mask=0)

    assert is_white_in(await mask_of(house), TOP)


async def test_a_turned_photograph_and_its_turned_mask_are_set_upright(house: House) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # to be turned clockwise: what is stored at the bottom is seen at the left
    lying = Image.new("L", (256, 256))
    lying.paste(255, (0, 128, 256, 256))
    files = (
        ("photo.jpg", file_of(Image.new("RGB", (256, 256), "teal"), "JPEG", exif=exif)),
        ("mask.png", file_of(lying, exif=exif)),
    )
    await inpaint(house.guest(), *files, upload=0, mask=1)

    assert is_white_in(await mask_of(house), LEFT)


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (half_white((300, 200)), "300×200 pixels and the picture 256×256"),
        (file_of(Image.new("L", (256, 256), 0)), "leaves the whole picture as it is"),
        (file_of(Image.new("L", (256, 256), 255)), "would draw the whole picture anew"),
        (b"no picture at all", "no picture I can read"),
        (half_white()[:200], "damaged"),
        (
            file_of(Image.new("L", (256, 256)), "GIF", save_all=True, append_images=[Image.new("L", (256, 256), 255)]),
            "That mask moves",
        ),
    ],
    ids=["size", "empty", "full", "text", "damaged", "animated"],
)
async def test_a_mask_that_does_not_fit_is_refused_in_words(house: House, mask: bytes, sentence: str) -> None:
    ada = house.guest()
    message = await inpaint(ada, ("mask.png", mask), picture=await drawn(ada), mask=0)

    assert sentence in message["content"]
    assert message["flags"] & EPHEMERAL
    assert len(house.executor.attempts) == 1


async def test_words_for_a_thing_are_told_what_can_be_said_instead(house: House) -> None:
    ada = house.guest()
    message = await inpaint(ada, picture=await drawn(ada), region="the red circle")

    assert "“the red circle”" in message["content"]
    assert "left half" in message["content"]


MODELS = """
[segmenters.named]
title = "Named"
weights = {{ source = "{folder}" }}
licence = "MIT"
licence_url = "LICENSE"
"""


def with_segmenter(folder: Path) -> Json:
    """Settings with a segmenter that is there; a fake answers for it."""
    models = folder / "models.toml"
    shipped = load_settings().models.read_text(encoding="utf-8")
    models.write_text(shipped + MODELS.format(folder=folder / "named"), encoding="utf-8")
    (folder / "named").mkdir()
    (folder / "named" / "model.safetensors").touch()
    return {"models": models, "segmenter": "named"}


def seen_at_the_left() -> NDArray[np.float32]:
    seen = np.zeros((352, 352), np.float32)
    seen[:, :170] = 0.9  # grown by 6 of 352
    return seen


async def test_a_thing_that_is_named_is_found(server: LocalDiscord, sqlite_database: Database, tmp_path: Path) -> None:
    finder = FakeFinder(seen_at_the_left())
    async with open_house(server, sqlite_database, tmp_path, finder=finder, **with_segmenter(tmp_path)) as house:
        ada = house.guest()
        await inpaint(ada, picture=await drawn(ada), region="the red circle")

        assert is_white_in(await mask_of(house), LEFT)
        assert finder.asked == ["the red circle"]


@pytest.mark.parametrize(
    ("seen", "words", "sentence"),
    [
        (np.zeros((352, 352), np.float32), "the red circle", "I see no “the red circle”"),
        (CheckpointUnusable("as told"), "the red circle", "at present"),
        (seen_at_the_left(), "marmalade", "This is not drawn"),
    ],
    ids=["not there", "no network", "not allowed"],
)
async def test_a_thing_that_cannot_be_found_is_told(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path, seen: Any, words: str, sentence: str
) -> None:
    finder, policy = FakeFinder(seen), write_policy(tmp_path / "policy")
    more = with_segmenter(tmp_path) | {"finder": finder, "policy": policy}
    async with open_house(server, sqlite_database, tmp_path, **more) as house:
        ada = house.guest()
        message = await inpaint(ada, picture=await drawn(ada), region=words)

        assert sentence in message["content"]
        assert len(house.executor.attempts) == 1


async def test_each_person_has_one_thing_looked_for_at_a_time(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    finder = FakeFinder(seen_at_the_left())
    async with open_house(server, sqlite_database, tmp_path, finder=finder, **with_segmenter(tmp_path)) as house:
        ada = house.guest()
        picture = await drawn(ada)
        finder.may_go_on.clear()
        first = asyncio.create_task(inpaint(ada, picture=picture, region="the red circle"))
        async with asyncio.timeout(20):
            while not finder.asked:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(POLL_SECONDS)
        second = await inpaint(ada, picture=picture, region="the circle")
        finder.may_go_on.set()

        assert "I am still looking" in second["content"]
        assert f"from `{picture}`" in (await first)["content"]
        assert f"from `{picture}`" in (await inpaint(ada, picture=picture, region="the circle"))["content"]


async def test_a_region_and_a_mask_at_once_are_too_many(house: House) -> None:
    ada = house.guest()
    files = ("mask.png", half_white())
    message = await inpaint(ada, files, picture=await drawn(ada), mask=0, region="left half")

    assert "Give one of them" in message["content"]


async def test_what_is_painted_in_the_browser_is_drawn_anew(house: House) -> None:
    ada = house.guest()
    first = await drawn(ada)
    offer = await inpaint(ada, picture=first, seed=3)
    before = len(await in_channel(house.guest("ben")))

    assert offer["flags"] & EPHEMERAL
    assert await paint(house, link_of(offer), half_white((1024, 1024))) == (200, "")
    result = await result_of(ada)
    assert is_white_in(await mask_of(house), LEFT)
    assert house.executor.attempts[-1].request.seed == 3
    assert f"from `{first}`" in result["content"]
    assert len(await in_channel(house.guest("ben"))) == before + 1
    assert offer["id"] not in [each["id"] for each in await in_channel(ada)]


async def test_a_link_is_good_for_one_mask_and_what_does_not_fit_leaves_it_good(house: House) -> None:
    ada = house.guest()
    link = link_of(await inpaint(ada, picture=await drawn(ada)))

    assert await paint(house, link, file_of(Image.new("L", (256, 256)))) == (
        422,
        "This leaves the whole picture as it is. Make the part that shall be drawn anew white or transparent.",
    )
    assert [status for status, _ in await asyncio.gather(*[paint(house, link, half_white()) for _ in range(3)])].count(
        200
    ) == 1
    status, sentence = await paint(house, link, half_white())
    assert status == 404
    assert "Use /inpaint in the chat again" in sentence
    await result_of(ada)
    assert len(house.executor.attempts) == 2


async def test_what_is_full_is_told_on_the_page_and_can_be_sent_later(house: House) -> None:
    ada = house.guest()
    link = link_of(await inpaint(ada, picture=await drawn(ada)))
    house.executor.loaded.clear()
    most = house.studio.limits.pending_per_user
    waiting = [asyncio.create_task(ada.type("/imagine a tree")) for _ in range(most)]
    async with asyncio.timeout(20):
        while len(await open_jobs(house)) < most:  # noqa: ASYNC110 - another's news
            await asyncio.sleep(POLL_SECONDS)
    messages = len(await in_channel(ada))
    status, sentence = await paint(house, link, half_white())

    assert status == 422
    assert "may wait at once" in sentence
    assert len(await in_channel(ada)) == messages
    house.executor.loaded.set()
    await asyncio.gather(*waiting)
    assert (await paint(house, link, half_white()))[0] == 200


async def test_a_picture_that_was_deleted_meanwhile_cannot_be_painted_on(house: House) -> None:
    ada = house.guest()
    result = await ada.type("/imagine a red circle")
    link = link_of(await inpaint(ada, picture=record_ids(result)[0]))
    await ada.press(result, "Delete")

    assert (await picture_at(house, link))[0] == 404
    status, sentence = await paint(house, link, half_white())
    assert status == 422
    assert "no picture" in sentence
    assert len(house.executor.attempts) == 1


@pytest.mark.parametrize("sharing", ["closed", "private"])
async def test_a_picture_that_was_closed_meanwhile_is_shown_no_more(house: House, sharing: str) -> None:
    ada, ben = house.guest("ada"), house.guest("ben")
    first = await drawn(ada)
    theirs, own = link_of(await inpaint(ben, picture=first)), link_of(await inpaint(ada, picture=first))
    assert (await picture_at(house, theirs))[0] == 200
    await ada.type(f"/sharing others:{sharing} picture:{first}")

    status, sentence = await picture_at(house, theirs)
    assert status == 404
    assert "picture" in sentence
    assert (await paint(house, theirs, half_white()))[0] == 422
    assert (await picture_at(house, own))[0] == 200


async def test_who_is_shut_out_meanwhile_paints_no_more(strict_house: House, sqlite_database: Database) -> None:
    ada = strict_house.guest()
    links = [
        link_of(await inpaint(ada, picture=await drawn(ada))),
        link_of(await inpaint(ada, ("mine.png", file_of(Image.new("RGB", (64, 64)))), upload=0)),
    ]
    async with sqlite_database.reading() as session:
        sent = list(await session.scalars(select(UploadRow.sha256)))
    for _ in range(2):
        await ada.type("/imagine a bridge")

    for link in links:
        assert "You cannot use me" in (await picture_at(strict_house, link))[1]
        assert "You cannot use me" in (await paint(strict_house, link, half_white()))[1]
    async with sqlite_database.reading() as session:
        assert list(await session.scalars(select(UploadRow.sha256))) == sent


async def test_words_that_are_not_allowed_get_no_link(strict_house: House) -> None:
    ada = strict_house.guest()
    first = await drawn(ada)
    message = await inpaint(ada, picture=first, prompt="marmalade")

    assert "This is not drawn" in message["content"]
    assert not [each for each in components(message) if each.get("style") == 5]


async def test_the_oldest_of_somebodys_many_links_ends(house: House) -> None:
    ada = house.guest()
    first = await drawn(ada)
    links = [link_of(await inpaint(ada, picture=first)) for _ in range(MOST_OF_ONE + 1)]
    found = [(await house.session.get(link)).status for link in links]

    assert found == [404] + [200] * MOST_OF_ONE


async def test_a_file_that_was_sent_is_not_kept_in_memory_for_its_painter(house: House) -> None:
    offer = await inpaint(house.guest(), ("mine.png", file_of(Image.new("RGB", (64, 64)))), upload=0)
    gc.collect()

    assert [each for each in gc.get_objects() if isinstance(each, Original) and each.upload] == []
    assert (await picture_at(house, link_of(offer)))[0] == 200


async def test_the_licence_is_accepted_on_the_way_to_the_link(house: House) -> None:
    first = await drawn(house.guest("ada"))

    assert link_of(await inpaint(house.guest("ben"), picture=first))


async def test_without_a_page_the_ways_to_a_mask_are_told(
    server: LocalDiscord, sqlite_database: Database, tmp_path: Path
) -> None:
    async with open_house(server, sqlite_database, tmp_path, discord_token="x" * 20) as house:
        ada = house.guest()
        message = await inpaint(ada, picture=await drawn(ada))

    assert "left half" in message["content"]
    assert "mask" in message["content"]


async def test_the_button_asks_in_a_modal(house: House) -> None:
    ada = house.guest()
    details = await ada.press(await ada.type("/imagine a red circle"), "Details")
    started = await ada.push(details, "Edit region")
    message = await ada.follow(started["interaction"], fields={"prompt": "a blue square", "region": "top half"})

    assert is_white_in(await mask_of(house), TOP)
    assert house.executor.attempts[-1].request.prompt == "a blue square"
    assert "A part drawn anew" in message["content"]


async def test_the_modal_without_a_region_gives_the_link(house: House) -> None:
    ada = house.guest()
    details = await ada.press(await ada.type("/imagine a red circle"), "Details")
    started = await ada.push(details, "Edit region")
    answer = await ada.get(f"interactions/{started['interaction']}", wait=10)
    offer = await ada.follow(started["interaction"])

    assert answer["modal"]["components"][0]["component"]["value"] == "a red circle"
    assert link_of(offer)
    assert custom_id(offer, "imagine:") is None


async def test_a_mask_is_kept_and_erased_with_its_person(house: House) -> None:
    ada = house.guest()
    await inpaint(ada, ("mask.png", half_white()), picture=await drawn(ada), mask=0)
    mask = house.executor.attempts[-1].request.mask
    assert mask is not None
    await house.housekeeper.tidy_up()

    assert await house.store.exists(mask)
    sure = await ada.press(await ada.type("/privacy"), "Delete everything")
    await ada.press(sure, "Yes, delete it")
    assert not await house.store.exists(mask)
