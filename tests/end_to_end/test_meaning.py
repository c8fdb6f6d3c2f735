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
    offer = await ada.type("/imagine a {red, blue} circle on a white background seed:3")
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


async def test_a_region_gets_what_is_asked_for_and_the_rest_stays(guest: People) -> None:
    """The file differs by its own watermark outside the region; what the engine draws is equal there to the bit."""
    ada = guest()
    first = await ada.type("/imagine a red circle on the left, on a white background seed:0")
    before = await picture_of(ada, first)
    reds = np.argwhere(before[..., 0].astype(int) - before[..., 1] > 60)
    assert reds[:, 1].max() < 128, "the circle is on the left"
    made = await ada.type(
        f"/inpaint a blue circle on a white background picture:{record_ids(first)[0]} region:left half seed:1"
    )
    after = await picture_of(ada, made)

    assert {thing.colour for thing in (await seen_by(ada, made)).things} == {Colour.BLUE}
    assert np.abs(after[:, 128:].astype(int) - before[:, 128:]).mean() < 1.5
    assert np.abs(after[:, :128].astype(int) - before[:, :128]).mean() > 8


async def test_a_sky_goes_on_beyond_the_edge(guest: People) -> None:
    ada = guest()
    first = await ada.type("/imagine a yellow star in the night sky seed:2")
    made = await ada.type(f"/outpaint picture:{record_ids(first)[0]} left:64 seed:12")
    before, after = await picture_of(ada, first), await picture_of(ada, made)

    assert after.shape == (256, 320, 3)
    assert (
        np.abs(after[:, 80:].astype(int) - before[:, 16:]).mean() < 2.5
    )  # two watermarks; the seam is eight pixels wide
    new, old = after[:, :64].reshape(4, 64, 64, 3).mean((1, 2)), before[:, :64].reshape(4, 64, 64, 3).mean((1, 2))
    assert np.abs(new - old).max() < 25  # row by row the sky has the colour that it had
    assert (await seen_by(ada, made)).backdrop is Landscape.NIGHT


async def test_a_subtle_variation_is_nearer_to_its_source_than_a_strong_one(guest: People) -> None:
    ada = guest()
    first = await ada.type("/imagine a yellow star in the night sky seed:2")
    source = (await picture_of(ada, first)).astype(int)
    for by in ("picture", "seed"):
        distances = []
        for strength in ("subtle", "strong"):
            varied = await ada.type(f"/vary picture:{record_ids(first)[0]} by:{by} strength:{strength} seed:4")
            distances.append(np.abs(await picture_of(ada, varied) - source).mean())
        assert 1 < distances[0] < distances[1], by


async def test_a_blend_has_something_of_each(guest: People) -> None:
    """Between a red circle and a blue one lies a circle that is less red than the one and less blue than the other."""
    ada = guest()
    red = await ada.type("/imagine a red circle in the middle of a white background seed:5")
    blue = await ada.type("/imagine a blue circle in the middle of a white background seed:5")
    made = await ada.type(f"/blend picture_1:{record_ids(red)[0]} picture_2:{record_ids(blue)[0]} seed:1")
    reddest, bluest, between = [colour_in_the_middle(await picture_of(ada, each)) for each in (red, blue, made)]

    assert {thing.kind for thing in (await seen_by(ada, made)).things} == {Kind.CIRCLE}
    assert bluest[0] + 10 < between[0] < reddest[0] - 10
    assert reddest[2] + 10 < between[2] < bluest[2] - 10


def colour_in_the_middle(picture: Picture) -> list[float]:
    """Return the mean red, green and blue of the picture's middle eighth."""
    return [float(value) for value in picture[112:144, 112:144].mean((0, 1))]
