"""Whatever people send: a sentence that says what to do, nobody pinged, nothing lost."""

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from guest import Guest, record_ids
from PIL import Image

QUICK = "steps:2"
People = Callable[..., Guest]


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png() -> bytes:
    """A PNG of a few bytes that says it is 20,000 pixels wide and tall."""
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def png_bomb() -> bytes:
    """A small PNG whose text chunk inflates to 200 megabytes."""
    small = encoded(Image.new("RGB", (128, 128), "red"), "PNG")
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 200_000_000, 9))
    return small[:33] + bomb + small[33:]


def animation() -> bytes:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "green", "blue")]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


REFUSED = {
    "1x1.png": (encoded(Image.new("RGB", (1, 1)), "PNG"), "64"),
    "huge.png": (huge_png(), "Scale it down"),
    "corrupt.png": (encoded(Image.new("RGB", (300, 300)), "PNG")[:200], "damaged"),
    "bomb.png": (png_bomb(), "damaged"),
    "words.txt": (b"these are words", "PNG"),
    "empty.png": (b"", "PNG"),
}
TAKEN = {
    "animated.gif": animation(),
    "print.jpg": encoded(Image.new("CMYK", (300, 300), (0, 200, 200, 0)), "JPEG"),
    "deep.png": encoded(Image.new("I;16", (300, 300), 40_000), "PNG"),
    "glass.png": encoded(Image.new("RGBA", (300, 300), (255, 0, 0, 60)), "PNG"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_upload_that_cannot_be_used_is_refused_in_words(guest: People, name: str) -> None:
    data, word = REFUSED[name]
    message = await guest().type("/vary prompt:a circle", (name, data))

    assert message["ephemeral"]
    assert message["attachments"] == []
    assert word in message["content"]
    assert len(message["content"]) > 20


@pytest.mark.parametrize("name", TAKEN)
async def test_an_unusual_upload_is_made_usable(guest: People, name: str) -> None:
    message = await guest().type("/vary prompt:a circle seed:1 strength:0.2", (name, TAKEN[name]))

    assert len(message["attachments"]) == 1


async def test_after_all_that_the_bot_draws_as_before(guest: People) -> None:
    assert len((await guest().type(f"/imagine still here {QUICK}"))["attachments"]) == 1


async def test_a_prompt_of_six_thousand_characters_is_told_its_limit(guest: People) -> None:
    message = await guest().type(f"/imagine {'very ' * 1_199}long")

    assert message["ephemeral"]
    assert "2,000" in message["content"]


@pytest.mark.parametrize(
    "prompt", ["🦊🌙🎨 fox", "شجرة حمراء على تلة", "a\u202ered\u202c tree", "  spaces   everywhere  "]
)
async def test_any_script_is_a_prompt(guest: People, prompt: str) -> None:
    message = await guest().type(f"/imagine {prompt} {QUICK}")

    assert len(message["attachments"]) == 1
    assert message["attachments"][0]["description"]


async def test_a_prompt_pings_nobody(guest: People) -> None:
    ada = guest()
    world = await ada.get("world")
    ben = next(user["id"] for user in world["users"] if user["name"] == "ben")
    message = await ada.type(f"/imagine @everyone @here <@{ben}> and a circle {QUICK}")

    assert message["mention_everyone"] is False
    assert message["mentions"] == []


async def test_a_prompt_cannot_break_out_of_its_quotation(guest: People) -> None:
    message = await guest().type(f"/imagine ``` **bold** ||spoiler|| [link](https://example.com) {QUICK}")

    assert "\n```\n" in message["content"]
    assert message["content"].count("```") == 2


@pytest.mark.parametrize("command", ["show", "vary", "upscale", "remix", "reproduce"])
@pytest.mark.parametrize("record", ["0000000000", "../../etc/passwd", "%_%", "💥"])
async def test_a_picture_that_does_not_exist_is_said_to_be_none(guest: People, command: str, record: str) -> None:
    message = await guest().type(f"/{command} {record}")

    assert message["ephemeral"]
    assert "no picture" in message["content"]


async def test_a_deleted_picture_is_as_one_that_never_was(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a mistake {QUICK}")
    await ada.press(first, "Delete")

    assert "no picture" in (await ada.type(f"/vary {record_ids(first)[0]}"))["content"]


@pytest.mark.parametrize("strength", ["2", "-1", "nan", "very", "1e999"])
async def test_a_strength_that_means_nothing_is_explained(guest: People, strength: str) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a bell {QUICK}")
    message = await ada.type(f"/vary {record_ids(first)[0]} strength:{strength}")

    assert message["ephemeral"]
    assert "trength" in message["content"]


async def test_neither_picture_nor_upload_asks_for_one(guest: People) -> None:
    message = await guest().type("/vary strength:subtle")

    assert message["ephemeral"]
    assert "picture" in message["content"]


async def test_settings_that_cannot_be_read_in_a_remix_are_named(guest: People) -> None:
    ada = guest()
    first = await ada.type(f"/imagine a drum {QUICK}")
    pushed = await ada.push(first, "Remix")
    message = await ada.follow(pushed["interaction"], fields={"seed": "not a number"})

    assert message["ephemeral"]
    assert "eed" in message["content"]
