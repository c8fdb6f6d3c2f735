"""An enlarged picture's tiles do not show: across their borders it changes as it does elsewhere."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from config.settings import load_settings
from demo_model.world.captions import caption
from demo_model.world.drawer import draw
from demo_model.world.sampler import sample
from inference.checkpoints import load_checkpoints
from inference.choices import ChoiceFile
from inference.engine.canvas import Canvas
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.model import Model
from inference.engine.noise import Noise
from inference.engine.painting import Painting, Schedule
from inference.engine.pictures import Picture, size_of
from inference.engine.press import Press
from inference.engine.refine import Tile, tiles_of
from inference.request import ImageRequest, Sampler, Task

UNSEEN = 1.5  #: how much more pictures change at the borders than their sources do; lines of theirs may lie there
GLARING = 3.0  #: what it is at least where tiles are laid side by side
BESIDE = (-16, -8, 8, 16)  #: pixels; whole latents, at whose edges a decoded picture may change more than elsewhere
PICTURES = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    make_deterministic()
    with torch.inference_mode():
        demo = load_checkpoints(load_settings().models)["demo"]
        return load(demo, torch.device("cpu"), tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(("side", "factor"), [(192, 2), pytest.param(128, 4, marks=pytest.mark.slow)])
@torch.inference_mode()
def test_no_seam_is_seen_where_the_tiles_are_blended_and_many_where_they_are_not(
    model: Model, tmp_path: Path, side: int, factor: int
) -> None:
    press = Press(tmp_path, ChoiceFile(tmp_path / "rows.json"))
    tiles = tiles_of(side * factor, side * factor, model.checkpoint.native_side)
    made = [redrawn(model, press, side, factor, number) for number in range(PICTURES)]
    usual = np.mean([seams(enlarged, tiles) for enlarged, _, _ in made])

    assert all(len(tiles) == len(painted) > 1 for _, _, painted in made)
    assert np.mean([seams(canvas.picture(), tiles) for _, canvas, _ in made]) < UNSEEN * usual
    assert np.mean([seams(side_by_side(painted, tiles), tiles) for _, _, painted in made]) > GLARING * usual


def redrawn(model: Model, press: Press, side: int, factor: int, number: int) -> tuple[Picture, Canvas, list[Picture]]:
    """Return a drawn picture enlarged, the same redrawn by the demo model, and the tiles that this is made of."""
    dice, larger = np.random.default_rng(number), side * factor
    scene = sample(dice)
    request = ImageRequest(
        task=Task.UPSCALE,
        checkpoint=model.checkpoint.name,
        prompt=caption(scene, dice, complete=True),
        seed=1,
        width=larger,
        height=larger,
        num_inference_steps=20,
        guidance_scale=3.0,
        sampler=Sampler.DDIM,
        source="0" * 64,
        strength=0.1,
        factor=factor,
    )
    schedule, told = Schedule(model, request, 0.1), model.reader.condition(request)
    enlarged = np.asarray(Image.fromarray(draw(scene, side)).resize((larger, larger), Image.Resampling.LANCZOS))

    def paint(seed: int, tile: Picture) -> Painting:
        return Painting(model, schedule, told, Noise(seed), size=size_of(tile), over=(tile,))

    canvas = Canvas.tiled(enlarged, model.checkpoint.native_side, request.seed, paint)
    for painting in canvas.paintings:
        while painting.left:
            painting.advance(press.predict(model, [painting.rows()])[0])
        canvas.keep(painting, painting.decode().numpy())
    return enlarged, canvas, [painting.decode().numpy() for painting in canvas.paintings]


def side_by_side(painted: Sequence[Picture], tiles: Sequence[Tile]) -> Picture:
    """Return the picture as it would be without blending: the last tile covers the others."""
    made = np.zeros(
        (max(tile.top + tile.height for tile in tiles), max(tile.left + tile.width for tile in tiles), 3), np.uint8
    )
    for tile, picture in zip(tiles, painted, strict=True):
        made[tile.area] = picture
    return made


def seams(picture: Picture, tiles: Sequence[Tile]) -> float:
    """Return how the picture changes across the tiles' borders, beside how it does near them; the worse direction."""
    columns = {edge for tile in tiles for edge in (tile.left, tile.left + tile.width)}
    rows = {edge for tile in tiles for edge in (tile.top, tile.top + tile.height)}
    return max(_across(picture, 1, columns), _across(picture, 0, rows))


def _across(picture: Picture, axis: int, edges: set[int]) -> float:
    changes = np.abs(np.diff(picture.astype(float), axis=axis)).mean(axis=(1 - axis, 2))
    borders = sorted(edge - 1 for edge in edges if 0 < edge < picture.shape[axis])
    near = sorted({border + distance for border in borders for distance in BESIDE} - set(borders))
    return float(changes[borders].mean() / changes[near].mean())
