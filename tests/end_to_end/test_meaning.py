"""What people ask for is what they see: the shipped model, by way of the chat, looked at by detectors."""

import asyncio
import io
from collections.abc import Callable

import numpy as np
import pytest
from guest import Guest, record_ids
from PIL import Image

from demo_model.detect.detector import Detector, Seen
from demo_model.world.drawer import Picture
from demo_model.world.scene import Backdrop, Colour, Kind, Landscape

People = Callable[..., Guest]


async def picture_of(person: Guest, message: dict) -> Picture:
    content = await person.fetch(message["attachments"][0])
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


async def seen_by(person: Guest, message: dict) -> Seen:
    return Detector.load().look([await picture_of(person, message)])[0]


@pytest.mark.parametrize(
    ("prompt", "seed", "kind", "colour", "backdrop"),
    [
        ("a red circle on a white background", 0, Kind.CIRCLE, Colour.RED, Colour.WHITE),
        ("a blue house on a meadow", 2, Kind.HOUSE, Colour.BLUE, Landscape.MEADOW),
    ],
)
async def test_a_prompt_is_drawn(
    guest: People, prompt: str, seed: int, kind: Kind, colour: Colour, backdrop: Backdrop
) -> None:
    ada = guest()
    seen = await seen_by(ada, await ada.type(f"/imagine {prompt} seed:{seed}"))

    assert seen.things
    assert (seen.things[0].kind, seen.things[0].colour, seen.backdrop) == (kind, colour, backdrop)


async def test_a_permutation_gives_what_it_names(guest: People) -> None:
    ada = guest()
    offer = await ada.type("/imagine a {red, blue} circle on a white background seed:0")
    await ada.push(offer, "Draw 2 pictures")
    async with asyncio.timeout(90):
        results: list[dict] = []
        while not results:
            await asyncio.sleep(0.2)
            results = [each for each in await ada.messages() if len(each["attachments"]) == 2]
    pictures = [
        np.asarray(Image.open(io.BytesIO(await ada.fetch(attachment))).convert("RGB"))
        for attachment in results[-1]["attachments"]
    ]
    seen = [each.things[0] for each in Detector.load().look(pictures)]

    assert [(thing.kind, thing.colour) for thing in seen] == [(Kind.CIRCLE, Colour.RED), (Kind.CIRCLE, Colour.BLUE)]


async def test_an_enlarged_picture_shows_the_same_and_is_not_blurred(guest: People) -> None:
    ada = guest()
    first = await ada.type("/imagine a red circle on a white background seed:0")
    larger = await ada.type(f"/upscale {record_ids(first)[0]} factor:2")
    small, large = await picture_of(ada, first), await picture_of(ada, larger)
    plain = np.asarray(Image.fromarray(small).resize((512, 512), Image.Resampling.LANCZOS))

    assert Kind.CIRCLE in {thing.kind for thing in (await seen_by(ada, larger)).things}
    assert sharpness(large) > 0.9 * sharpness(plain)  # Lanczos overshoots at edges, which counts as sharp here
    assert np.abs(large.astype(float) - plain).mean() < 8


def sharpness(picture: Picture) -> float:
    """Return how steep the steepest of the picture's edges are."""
    down, across = np.gradient(picture.astype(float).mean(2))
    return float(np.quantile(np.hypot(down, across), 0.995))
