"""Says in free English what a scene shows."""

import re
from collections.abc import Sequence

import numpy as np

from demo_model.world.scene import Colour, Group, Relation, Scene, Size, Style
from demo_model.world.words import (
    COLOURS,
    FILLERS,
    KINDS,
    LANDSCAPES,
    NEIGHBOURS,
    NUMBERS,
    OPENINGS,
    OPPOSITE,
    PLACES,
    PLAIN_BACKDROPS,
    RELATIONS,
    SIZES,
    STYLED,
    STYLES,
    TEXTURES,
    TRIMMINGS,
    plural,
)

USUAL = 0.6  #: the share of the usual word among several
UNSAID = 0.15  #: how often a fact that could be said is not
TAGGED = 0.08  #: the share of captions that are mere lists


def caption(scene: Scene, dice: np.random.Generator, *, complete: bool = False) -> str:
    """Return a caption. Only a complete one is sure to name every colour, the background and the position."""
    speaker = _Speaker(dice, 0.0 if complete else UNSAID)
    tagged = not complete and dice.random() < TAGGED
    text = speaker.trimmed(speaker.tags(scene) if tagged else speaker.sentence(scene))
    return re.sub(r"\ba (?=[aeiou])", "an ", text)


class _Speaker:
    """Chooses words by lot; `unsaid` is the chance that it leaves a fact out."""

    def __init__(self, dice: np.random.Generator, unsaid: float) -> None:
        self._dice = dice
        self._unsaid = unsaid

    def sentence(self, scene: Scene) -> str:
        """Return the scene in one sentence: style, things, position and background, in varying order."""
        things, behind = self._things(scene), self._backdrop(scene)
        if behind and self._happens(0.15):
            things = f"{behind}, {things}" if self._happens(0.5) else f"{behind} {things}"
        elif behind:
            things = f"{things} {behind}" if self._happens(0.7) else f"{things}, {behind}"
        return self._styled(scene, things)

    def tags(self, scene: Scene) -> str:
        """Return the scene as a list of a few of its facts."""
        groups = [" ".join(self._traits(group)) for group in scene.groups]
        facts = [*groups, self._backdrop(scene), self._word(STYLES[scene.style])]
        facts = [fact for fact in facts if fact]
        self._dice.shuffle(facts)
        return ", ".join(facts[: int(self._dice.integers(1, len(facts) + 1))])

    def trimmed(self, text: str) -> str:
        """Return the text, sometimes with words behind it that change nothing."""
        while self._happens(self._unsaid / 2):
            text = f"{text}, {self._pick(TRIMMINGS)}"
        return text

    def _styled(self, scene: Scene, text: str) -> str:
        if scene.style is Style.SHADED:
            return f"{self._pick(OPENINGS)} {text}" if self._happens(0.15) else text
        return self._pick(STYLED).format(text=text, style=self._word(STYLES[scene.style]))

    def _things(self, scene: Scene) -> str:
        named = [self._named(group) for group in scene.groups]
        if scene.relation is not None:
            return self._related(scene.relation, named[0], named[1])
        if scene.place is None or self._happens(2 * self._unsaid):
            return named[0]
        place = self._word(PLACES[scene.place])
        return f"{place} {named[0]}" if self._happens(0.12) else f"{named[0]} {place}"

    def _related(self, relation: Relation, first: str, second: str) -> str:
        """Return how the two stand to each other, told from either's side, or only that both are there."""
        if self._happens(2 * self._unsaid):
            pair = (first, second) if self._happens(0.5) else (second, first)
            return f"{pair[0]} {self._pick(NEIGHBOURS)} {pair[1]}"
        if self._happens(0.35):
            first, second, relation = second, first, OPPOSITE[relation]
        return f"{first} {self._word(RELATIONS[relation])} {second}"

    def _named(self, group: Group) -> str:
        traits = " ".join(self._traits(group))
        count = len(group.spots)
        if count > 1:
            return f"{self._word(NUMBERS[count])} {traits}"
        return f"{'a' if self._happens(0.9) else 'the'} {traits}"

    def _traits(self, group: Group) -> list[str]:
        """Return size, texture and colour in either order, and the noun."""
        size = "" if group.size is Size.MEDIUM or self._happens(self._unsaid) else self._word(SIZES[group.size])
        texture, colour = self._word(TEXTURES[group.texture]), self._word(COLOURS[group.colour])
        if self._happens(self._unsaid):
            colour = ""
        noun = self._word(KINDS[group.kind])
        filler = self._pick(FILLERS) if self._happens(self._unsaid / 3) else ""
        traits = [size, texture, colour] if self._happens(0.7) else [size, colour, texture]
        return [trait for trait in [filler, *traits, plural(noun) if len(group.spots) > 1 else noun] if trait]

    def _backdrop(self, scene: Scene) -> str:
        if self._happens(self._unsaid):
            return ""
        if isinstance(scene.backdrop, Colour):
            return self._word(PLAIN_BACKDROPS).format(self._word(COLOURS[scene.backdrop]))
        return self._word(LANDSCAPES[scene.backdrop])

    def _word(self, words: Sequence[str]) -> str:
        """Return the usual word most often, else any."""
        return words[0] if self._happens(USUAL) else self._pick(words)

    def _pick(self, words: Sequence[str]) -> str:
        return words[int(self._dice.integers(len(words)))]

    def _happens(self, chance: float) -> bool:
        return bool(self._dice.random() < chance)
