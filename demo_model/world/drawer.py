"""Draws scenes. The same scene gives the same pixels; any side gives the same picture, finer or coarser."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from demo_model.world.backdrops import OVER, draw_backdrop
from demo_model.world.colours import INK, PAPER, mix, rgb
from demo_model.world.scene import Colour, Group, Scene, Spot, Style, Texture
from demo_model.world.shapes import Points, Tone, parts

SIDE = 256
PIXEL_ART_CELLS = 32
MARGIN = 1.45  #: half the side of what a thing is painted on, in radii: room for edges, glow and shadow
Picture = NDArray[np.uint8]


def draw(scene: Scene, side: int = SIDE) -> Picture:
    """Return the scene as an array of shape [side, side, 3]."""
    dice = np.random.default_rng(scene.seed)
    canvas = draw_backdrop(scene.backdrop, side, dice)
    light = dice.uniform(-np.pi * 0.9, -np.pi * 0.1)
    for group in scene.groups:
        look = _Look.of(group, scene.style, float(light), dice)
        for spot in group.spots:
            _add(canvas, group, spot, look, dice)
    if scene.style is Style.PIXEL_ART:
        cells = canvas.resize((PIXEL_ART_CELLS, PIXEL_ART_CELLS), Image.Resampling.NEAREST)
        canvas = cells.resize((side, side), Image.Resampling.NEAREST)
    pixels = np.array(canvas)
    return _wash(pixels, dice) if scene.style is Style.WATERCOLOUR else pixels


@dataclass(frozen=True)
class _Look:
    """What the things of a group have in common: a colour for every tone, the light, the texture's turn."""

    style: Style
    palette: NDArray[np.float32]
    light: float
    grain: float

    @classmethod
    def of(cls, group: Group, style: Style, light: float, dice: np.random.Generator) -> "_Look":
        body = (rgb(group.colour) * dice.uniform(0.94, 1.05) + dice.normal(0, 4, 3).astype(np.float32)).clip(0, 255)
        if style is Style.NEON:
            body = body * 255 / body.max()
        dark = group.colour is Colour.BLACK
        shade = mix(body, PAPER, 0.22) if dark else body * 0.66
        edge = body if style in (Style.OUTLINE, Style.NEON) else body * 0.52
        mark = mix(body, rgb(Colour.GREY) if group.colour is Colour.WHITE else PAPER, 0.72)
        tones = {
            Tone.NONE: edge,
            Tone.BODY: body,
            Tone.SHADE: shade,
            Tone.LIGHT: mix(body, PAPER, 0.45),
            Tone.INK: INK,
            Tone.PAPER: PAPER,
            Tone.MARK: mark,
            Tone.EDGE: edge,
        }
        palette = np.stack([tones[tone] for tone in Tone]).clip(0, 255).astype(np.float32)
        return cls(style, palette, light, float(dice.uniform(0, np.pi)))


def _add(canvas: Image.Image, group: Group, spot: Spot, look: _Look, dice: np.random.Generator) -> None:
    """Paint one thing onto the canvas."""
    side = canvas.width
    reach = int(spot.radius * side * MARGIN) + 2
    left, top = int(spot.x * side) - reach, int(spot.y * side) - reach
    centre = np.array((spot.x * side - left, spot.y * side - top))
    labels = _labels(group, spot, look, 2 * reach, centre, side, dice)
    alpha = Image.fromarray((labels > 0).astype(np.uint8) * 255).reduce(OVER)
    body = Image.fromarray(look.palette.astype(np.uint8)[labels]).reduce(OVER)
    if look.style is Style.NEON:
        halo = alpha.filter(ImageFilter.BoxBlur(0.022 * side)).filter(ImageFilter.BoxBlur(0.016 * side))
        canvas.paste(body, (left, top), halo.point(lambda value: min(255, int(value * 1.5))))
        body = Image.blend(body, Image.new("RGB", body.size, (255, 255, 255)), 0.3)
    elif look.style is not Style.OUTLINE:
        _cast_shadow(canvas, alpha, left, top, spot.radius * side)
        body = _lit(body, centre, spot.radius * side, look.light)
    canvas.paste(body, (left, top), alpha)


def _labels(
    group: Group, spot: Spot, look: _Look, size: int, centre: Points, side: int, dice: np.random.Generator
) -> NDArray[np.uint8]:
    """Return the tone of every point of the patch, OVER times finer than the picture."""
    patch = Image.new("L", (size * OVER, size * OVER))
    pen = ImageDraw.Draw(patch)
    lined = look.style in (Style.OUTLINE, Style.NEON)
    width = max(1, round(side * OVER * (max(0.13 * spot.radius, 0.02) if lined else 0.045 * spot.radius)))
    turn = np.array(((np.cos(spot.turn), np.sin(spot.turn)), (-np.sin(spot.turn), np.cos(spot.turn))))
    wobble = dice.uniform(0, 2 * np.pi, 4)
    for part in parts(group.kind):
        points = _wobbled(part.points, wobble) if look.style is Style.WATERCOLOUR else part.points
        places = [tuple(place) for place in ((points @ turn * spot.radius * side + centre) * OVER).tolist()]
        pen.polygon(places, fill=Tone.NONE if lined else part.tone)
        if lined or part.tone not in (Tone.LIGHT, Tone.INK, Tone.PAPER):
            pen.line([*places, places[0], places[1]], fill=Tone.EDGE, width=width, joint="curve")
    labels = np.asarray(patch)
    if group.texture is Texture.PLAIN:
        return labels
    return _textured(labels, group.texture, centre, max(0.4 * spot.radius, 0.055) * side, look.grain)


def _wobbled(points: Points, phase: Points) -> Points:
    """Return the points as an unsteady brush would set them."""
    x, y = points[:, 0], points[:, 1]
    shift = np.stack(
        [np.sin(5 * y + phase[0]) + np.sin(9 * x + phase[1]), np.sin(5 * x + phase[2]) + np.sin(9 * y + phase[3])]
    )
    return points + 0.03 * shift.T


def _textured(
    labels: NDArray[np.uint8], texture: Texture, centre: Points, period: float, grain: float
) -> NDArray[np.uint8]:
    """Return the labels with stripes or dots over the body, laid from its centre at so many pixels from each other."""
    x = (np.arange(labels.shape[1]) / OVER - centre[0])[None, :] / period
    y = (np.arange(labels.shape[0]) / OVER - centre[1])[:, None] / period
    across = x * np.cos(grain) + y * np.sin(grain) + grain
    if texture is Texture.STRIPED:
        marked = across % 1 < 0.45
    else:
        along = y * np.cos(grain) - x * np.sin(grain)
        marked = (across % 1 - 0.5) ** 2 + (along % 1 - 0.5) ** 2 < 0.085
    return np.where(marked & (labels == Tone.BODY), np.uint8(Tone.MARK), labels)


def _lit(body: Image.Image, centre: Points, radius: float, light: float) -> Image.Image:
    """Return the patch brighter towards the light."""
    x = ((np.arange(body.width, dtype=np.float32) - centre[0]) / radius)[None, :, None]
    y = ((np.arange(body.height, dtype=np.float32) - centre[1]) / radius)[:, None, None]
    toward = (x * np.cos(light) + y * np.sin(light)).astype(np.float32)
    return Image.fromarray((np.asarray(body) * (0.97 + 0.15 * toward)).clip(0, 255).astype(np.uint8))


def _cast_shadow(canvas: Image.Image, alpha: Image.Image, left: int, top: int, radius: float) -> None:
    soft = alpha.filter(ImageFilter.BoxBlur(radius * 0.12)).point(lambda value: int(value * 0.3))
    canvas.paste((10, 10, 25), (left + int(radius * 0.1), top + int(radius * 0.16)), soft)


def _wash(pixels: Picture, dice: np.random.Generator) -> Picture:
    """Return the picture as if washed onto paper: paler here, darker there."""
    side = pixels.shape[0]
    cloud = _noise(7, side, dice) * 0.11 + _noise(24, side, dice) * 0.05
    share = (0.2 + cloud).clip(0, 0.55)[..., None]
    paper = np.array((250, 246, 236), np.float32)
    grain = 1 + 0.03 * _noise(60, side, dice)[..., None]
    washed = (pixels * (1 - share) + paper * share) * grain
    return np.asarray(washed.clip(0, 255), np.uint8)


def _noise(cells: int, side: int, dice: np.random.Generator) -> NDArray[np.float32]:
    small = dice.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC))
