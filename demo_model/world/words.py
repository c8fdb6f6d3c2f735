"""The words that the drawn world is spoken of with; the first of several is the usual one."""

import re

from demo_model.world.scene import Colour, Kind, Landscape, Place, Relation, Size, Style, Texture

KINDS: dict[Kind, tuple[str, ...]] = {
    Kind.CIRCLE: ("circle", "disc", "ball"),
    Kind.SQUARE: ("square", "box"),
    Kind.TRIANGLE: ("triangle",),
    Kind.STAR: ("star",),
    Kind.HEART: ("heart", "love heart"),
    Kind.DIAMOND: ("diamond", "gem", "rhombus"),
    Kind.RING: ("ring", "hoop", "donut"),
    Kind.SUN: ("sun",),
    Kind.MOON: ("moon", "crescent moon", "crescent"),
    Kind.HOUSE: ("house", "cottage", "home"),
    Kind.TREE: ("tree", "fir tree", "pine tree"),
    Kind.FLOWER: ("flower", "blossom", "daisy"),
    Kind.MUSHROOM: ("mushroom", "toadstool"),
    Kind.FISH: ("fish",),
    Kind.BOAT: ("boat", "sailing boat", "ship"),
    Kind.CAR: ("car", "automobile"),
    Kind.CAT: ("cat", "kitten", "cat face"),
    Kind.UMBRELLA: ("umbrella", "parasol"),
}
COLOURS: dict[Colour, tuple[str, ...]] = {
    Colour.RED: ("red", "scarlet", "crimson"),
    Colour.ORANGE: ("orange",),
    Colour.YELLOW: ("yellow", "golden"),
    Colour.GREEN: ("green", "emerald"),
    Colour.BLUE: ("blue",),
    Colour.PURPLE: ("purple", "violet"),
    Colour.PINK: ("pink", "rose"),
    Colour.BROWN: ("brown", "chocolate"),
    Colour.BLACK: ("black",),
    Colour.WHITE: ("white",),
    Colour.GREY: ("grey", "gray"),
    Colour.TEAL: ("teal", "turquoise", "cyan"),
}
LANDSCAPES: dict[Landscape, tuple[str, ...]] = {
    Landscape.NIGHT: ("in the night sky", "at night", "under a starry sky", "in a starry night"),
    Landscape.MEADOW: ("on a meadow", "in a green meadow", "on the grass", "in a field"),
    Landscape.SEA: ("at sea", "on the sea", "by the ocean", "on the water"),
    Landscape.SUNSET: ("at sunset", "in front of a sunset", "at dusk"),
    Landscape.DESERT: ("in the desert", "on sand dunes", "in a sandy desert"),
    Landscape.SNOW: ("in the snow", "in a snowy landscape", "in winter"),
}
PLAIN_BACKDROPS = ("on a {} background", "on {}", "in front of a {} background", "with a {} background")
SIZES: dict[Size, tuple[str, ...]] = {
    Size.SMALL: ("small", "little", "tiny"),
    Size.MEDIUM: ("",),
    Size.LARGE: ("large", "big", "huge"),
}
TEXTURES: dict[Texture, tuple[str, ...]] = {
    Texture.PLAIN: ("",),
    Texture.STRIPED: ("striped", "stripy"),
    Texture.DOTTED: ("dotted", "spotted", "polka dot"),
}
STYLES: dict[Style, tuple[str, ...]] = {
    Style.SHADED: ("",),
    Style.OUTLINE: ("outline", "line drawing", "line art"),
    Style.PIXEL_ART: ("pixel art", "8-bit", "pixelated"),
    Style.WATERCOLOUR: ("watercolour", "watercolor", "watercolour painting"),
    Style.NEON: ("neon", "neon sign", "glowing neon"),
}
STYLED = ("{text}, {style}", "{style} picture of {text}", "{style}, {text}", "{text} in {style} style")
PLACES: dict[Place, tuple[str, ...]] = {
    Place.TOP_LEFT: ("in the top left corner", "at the top left", "in the upper left"),
    Place.TOP: ("at the top", "at the top in the middle"),
    Place.TOP_RIGHT: ("in the top right corner", "at the top right", "in the upper right"),
    Place.LEFT: ("on the left", "at the left", "on the left side"),
    Place.MIDDLE: ("in the middle", "in the centre", "in the center"),
    Place.RIGHT: ("on the right", "at the right", "on the right side"),
    Place.BOTTOM_LEFT: ("in the bottom left corner", "at the bottom left", "in the lower left"),
    Place.BOTTOM: ("at the bottom", "at the bottom in the middle"),
    Place.BOTTOM_RIGHT: ("in the bottom right corner", "at the bottom right", "in the lower right"),
}
RELATIONS: dict[Relation, tuple[str, ...]] = {
    Relation.LEFT_OF: ("to the left of", "left of", "on the left of"),
    Relation.RIGHT_OF: ("to the right of", "right of", "on the right of"),
    Relation.ABOVE: ("above", "over", "on top of"),
    Relation.BELOW: ("below", "under", "beneath"),
}
OPPOSITE = {
    Relation.LEFT_OF: Relation.RIGHT_OF,
    Relation.RIGHT_OF: Relation.LEFT_OF,
    Relation.ABOVE: Relation.BELOW,
    Relation.BELOW: Relation.ABOVE,
}
NEIGHBOURS = ("and", "with", "next to", "beside")
NUMBERS = {2: ("two", "2", "a pair of"), 3: ("three", "3")}
OPENINGS = ("a picture of", "a drawing of", "an image of", "draw", "show me", "there is", "i want", "please draw")
IRREGULAR_PLURALS = {"fish": "fish", "box": "boxes", "rhombus": "rhombuses", "daisy": "daisies"}
#: what people add though it changes nothing in the drawn world
FILLERS = ("very", "really", "nice", "beautiful", "cute", "pretty", "detailed", "high quality", "colourful", "cartoon")
TRIMMINGS = ("high quality", "highly detailed", "masterpiece", "digital art", "illustration", "beautiful", "cartoon")
#: not said by any caption, but likely to be typed: known as words, so that they cost one token and little attention
OTHERS = """an are it of to no not some many more without where which my your this that bright dark light
colorful photo realistic sky night day stars sand waves hill hills landscape scene world dog bird
robot castle mountain city forest person"""


def plural(noun: str) -> str:
    """Return the plural of a noun or of a phrase that ends in one."""
    *before, last = noun.split()
    return " ".join([*before, IRREGULAR_PLURALS.get(last, f"{last}s")])


def vocabulary() -> list[str]:
    """Return every word above once, in a fixed order."""
    tables = (KINDS, COLOURS, LANDSCAPES, SIZES, TEXTURES, STYLES, PLACES, RELATIONS)
    phrases = [phrase for table in tables for phrase in sum(table.values(), ())]
    phrases += [plural(noun) for nouns in KINDS.values() for noun in nouns]
    phrases += [
        *PLAIN_BACKDROPS,
        *NEIGHBOURS,
        *sum(NUMBERS.values(), ()),
        *OPENINGS,
        *STYLED,
        *FILLERS,
        *TRIMMINGS,
        OTHERS,
    ]
    return list(dict.fromkeys(re.findall(r"[a-z]+", re.sub(r"\{\w*\}", "", " ".join(phrases)))))
