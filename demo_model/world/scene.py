"""What a picture of the drawn world shows, as frozen values. Lengths are fractions of the picture's side."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Kind(StrEnum):
    """The things there are."""

    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    STAR = "star"
    HEART = "heart"
    DIAMOND = "diamond"
    RING = "ring"
    SUN = "sun"
    MOON = "moon"
    HOUSE = "house"
    TREE = "tree"
    FLOWER = "flower"
    MUSHROOM = "mushroom"
    FISH = "fish"
    BOAT = "boat"
    CAR = "car"
    CAT = "cat"
    UMBRELLA = "umbrella"


@unique
class Colour(StrEnum):
    """The colours of things and of plain backgrounds."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"
    BROWN = "brown"
    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    TEAL = "teal"


@unique
class Landscape(StrEnum):
    """The backgrounds that are more than a colour."""

    NIGHT = "night sky"
    MEADOW = "meadow"
    SEA = "sea"
    SUNSET = "sunset"
    DESERT = "desert"
    SNOW = "snow"


Backdrop = Colour | Landscape
BACKDROPS: tuple[Backdrop, ...] = (*Colour, *Landscape)


@unique
class Size(StrEnum):
    """How large a thing is among its like."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@unique
class Texture(StrEnum):
    """What covers a thing."""

    PLAIN = "plain"
    STRIPED = "striped"
    DOTTED = "dotted"


@unique
class Style(StrEnum):
    """How the whole picture is drawn."""

    SHADED = "shaded"
    OUTLINE = "outline"
    PIXEL_ART = "pixel art"
    WATERCOLOUR = "watercolour"
    NEON = "neon"


@unique
class Place(StrEnum):
    """Where a single thing is."""

    TOP_LEFT = "top left"
    TOP = "top"
    TOP_RIGHT = "top right"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom right"


@unique
class Relation(StrEnum):
    """Where the first of two things is, seen from the second."""

    LEFT_OF = "left of"
    RIGHT_OF = "right of"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One thing's centre, radius and turn (in radians)."""

    x: float
    y: float
    radius: float
    turn: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Group:
    """One to three things that look alike."""

    kind: Kind
    colour: Colour
    spots: tuple[Spot, ...]
    size: Size = Size.MEDIUM
    texture: Texture = Texture.PLAIN

    def __post_init__(self) -> None:
        if not 1 <= len(self.spots) <= 3:
            raise ValueError("a group has one to three things")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A whole picture. A single thing has a place, two groups a relation; the seed varies the drawing."""

    groups: tuple[Group, ...]
    backdrop: Backdrop
    style: Style = Style.SHADED
    place: Place | None = None
    relation: Relation | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= len(self.groups) <= 2:
            raise ValueError("a scene has one or two groups")
        if (self.relation is not None) != (len(self.groups) == 2):
            raise ValueError("two groups have a relation, one has none")
