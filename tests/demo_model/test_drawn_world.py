"""The drawer and the sampler: the same scene the same pixels, every fact visible in them."""

from dataclasses import replace

import numpy as np
import pytest

from demo_model.world.colours import rgb
from demo_model.world.drawer import draw
from demo_model.world.sampler import PAIR_RADII, RADII, sample, shows
from demo_model.world.scene import (
    BACKDROPS,
    Colour,
    Group,
    Kind,
    Landscape,
    Place,
    Relation,
    Scene,
    Size,
    Spot,
    Style,
    Texture,
)

MIDDLE = Spot(x=0.5, y=0.5, radius=0.3)


def one(kind: Kind = Kind.CIRCLE, colour: Colour = Colour.RED, **changes: object) -> Scene:
    group = Group(kind=kind, colour=colour, spots=(MIDDLE,))
    return replace(Scene(groups=(group,), backdrop=Colour.WHITE, seed=3), **changes)


def scenes(count: int, seed: int = 0) -> list[Scene]:
    dice = np.random.default_rng(seed)
    return [sample(dice) for _ in range(count)]


def psnr(first: np.ndarray, second: np.ndarray) -> float:
    return 10 * np.log10(255**2 / max(1e-9, np.mean((first.astype(float) - second.astype(float)) ** 2)))


def test_there_is_as_much_in_the_world_as_was_promised() -> None:
    assert len(Kind) >= 16
    assert len(Colour) == 12
    assert {Landscape.NIGHT, Landscape.MEADOW, Landscape.SEA} <= set(BACKDROPS)


@pytest.mark.parametrize("style", Style)
def test_the_same_scene_gives_the_same_pixels(style: Style) -> None:
    scene = one(style=style)

    assert np.array_equal(draw(scene), draw(scene))
    assert not np.array_equal(draw(scene), draw(replace(scene, seed=4)))


def test_seed_zero_is_a_seed() -> None:
    assert np.array_equal(draw(one(seed=0)), draw(one(seed=0)))


@pytest.mark.parametrize("colour", Colour)
def test_things_and_backgrounds_have_the_colours_they_are_said_to_have(colour: Colour) -> None:
    behind = Colour.BLACK if colour is Colour.WHITE else Colour.WHITE
    thing = draw(one(Kind.SQUARE, colour, backdrop=behind))
    background = draw(one(Kind.SQUARE, behind, backdrop=colour))

    middle = thing[112:144, 112:144].reshape(-1, 3).mean(0)
    corner = background[8:24, 8:24].reshape(-1, 3).mean(0)
    for seen in (middle, corner):
        distances = {other: float(np.linalg.norm(seen - rgb(other))) for other in Colour}
        assert min(distances, key=distances.get) is colour


@pytest.mark.parametrize("kind", Kind)
def test_no_two_kinds_look_alike(kind: Kind) -> None:
    def shape(of: Kind) -> np.ndarray:
        pixels = draw(one(of, Colour.RED)).astype(int)
        return (pixels[..., 0] - pixels[..., 1]) > 40

    own = shape(kind)
    for other in set(Kind) - {kind}:
        theirs = shape(other)
        assert (own & theirs).sum() / (own | theirs).sum() < 0.93, other


@pytest.mark.parametrize("style", [Style.OUTLINE, Style.PIXEL_ART, Style.WATERCOLOUR, Style.NEON])
def test_every_style_changes_the_picture(style: Style) -> None:
    assert psnr(draw(one(style=style)), draw(one())) < 30


@pytest.mark.parametrize("texture", [Texture.STRIPED, Texture.DOTTED])
def test_a_texture_lightens_parts_of_a_thing_and_nothing_else(texture: Texture) -> None:
    plain = one()
    textured = replace(plain, groups=(replace(plain.groups[0], texture=texture),))
    changed = np.abs(draw(plain).astype(int) - draw(textured)).max(axis=2) > 24

    assert 0.1 < changed[90:166, 90:166].mean() < 0.9
    assert not changed[:32].any()


def test_pixel_art_is_made_of_squares() -> None:
    cells = draw(one(style=Style.PIXEL_ART)).reshape(32, 8, 32, 8, 3)

    assert (cells == cells[:, :1, :, :1]).all()


def test_edges_are_smooth() -> None:
    row = draw(one(Kind.CIRCLE, Colour.BLACK))[128].astype(int).sum(axis=1)

    between = ((row > 200) & (row < 600)).sum()
    assert between >= 2


def test_a_finer_picture_shows_the_same() -> None:
    for scene in scenes(12, seed=5):
        if scene.style is not Style.PIXEL_ART:
            fine = draw(scene, 512).reshape(256, 2, 256, 2, 3).mean((1, 3))
            assert psnr(fine, draw(scene, 256)) > 24


@pytest.mark.parametrize("texture", [Texture.STRIPED, Texture.DOTTED])
def test_a_finer_picture_has_its_stripes_and_dots_in_the_same_places(texture: Texture) -> None:
    for x in (0.48, 0.5, 0.513):  # wherever the thing lies on the grid of pixels
        spot = Spot(x=x, y=0.5, radius=0.3)
        circle = Group(kind=Kind.CIRCLE, colour=Colour.RED, texture=texture, spots=(spot,))
        scene = Scene(groups=(circle,), backdrop=Colour.WHITE, seed=3)
        fine = draw(scene, 512).reshape(256, 2, 256, 2, 3).mean((1, 3))

        assert psnr(fine[80:176, 80:176], draw(scene, 256)[80:176, 80:176]) > 26


def test_scenes_drawn_by_lot_hold_everything_there_is() -> None:
    drawn = scenes(3000)
    groups = [group for scene in drawn for group in scene.groups]

    assert {group.kind for group in groups} == set(Kind)
    assert {group.colour for group in groups} == set(Colour)
    assert {group.size for group in groups} == set(Size)
    assert {group.texture for group in groups} == set(Texture)
    assert {len(group.spots) for group in groups} == {1, 2, 3}
    assert {scene.backdrop for scene in drawn} == set(BACKDROPS)
    assert {scene.style for scene in drawn} == set(Style)
    assert {scene.place for scene in drawn} == {None, *Place}
    assert {scene.relation for scene in drawn} == {None, *Relation}


def test_things_lie_inside_the_picture_and_apart_and_can_be_told_from_what_is_behind() -> None:
    for scene in scenes(500, seed=1):
        spots = [spot for group in scene.groups for spot in group.spots]
        for spot in spots:
            assert spot.radius - 0.03 < spot.x < 1.03 - spot.radius
            assert spot.radius - 0.03 < spot.y < 1.03 - spot.radius
        for index, first in enumerate(spots):
            for second in spots[:index]:
                assert np.hypot(first.x - second.x, first.y - second.y) > 0.8 * (first.radius + second.radius)
        assert all(shows(group.colour, scene.style, scene.backdrop) for group in scene.groups)


def test_two_things_stand_as_their_relation_says() -> None:
    for scene in scenes(500, seed=2):
        if scene.relation is not None:
            first, second = (group.spots[0] for group in scene.groups)
            assert scene.groups[0].kind is not scene.groups[1].kind
            assert scene.groups[0].colour is not scene.groups[1].colour
            stands = {
                Relation.LEFT_OF: first.x < second.x - 0.2,
                Relation.RIGHT_OF: first.x > second.x + 0.2,
                Relation.ABOVE: first.y < second.y - 0.2,
                Relation.BELOW: first.y > second.y + 0.2,
            }
            assert stands[scene.relation]


def test_sizes_do_not_overlap() -> None:
    for radii in (RADII, PAIR_RADII):
        assert radii[Size.SMALL][1] < radii[Size.MEDIUM][0]
        assert radii[Size.MEDIUM][1] < radii[Size.LARGE][0]


def test_a_group_of_four_and_a_pair_without_relation_are_refused() -> None:
    with pytest.raises(ValueError, match="one to three"):
        Group(kind=Kind.CAT, colour=Colour.RED, spots=(MIDDLE,) * 4)
    group = Group(kind=Kind.CAT, colour=Colour.RED, spots=(MIDDLE,))
    with pytest.raises(ValueError, match="relation"):
        Scene(groups=(group, group), backdrop=Colour.WHITE)
