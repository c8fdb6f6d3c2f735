"""Families of pictures as somebody may see them: each relative, or that it is hidden, and all of them drawn as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.caller import Caller
from bot.gallery import SHRINK_SECONDS, Gallery
from bot.pedigree import Pedigree, arrange
from bot.pedigree_picture import Card, draw_pedigree
from config.words import say
from db.history import Record
from db.lineage import Kin, Lineage
from db.tables.record import Showing
from jobs.clerk import Clerk
from jobs.finish import VERSION
from provenance.identity import Identity

MOST = 24  # pictures in one drawing
GENERATIONS = 6  # in each direction


@dataclass(frozen=True, slots=True)
class Relative:
    """One of the family: without a record where it is hidden. `parents` are numbers, from 1, of those above it."""

    record: Record | None
    action: str
    parents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FamilyTree:
    """The family in the order of its numbers, drawn as a PNG file; `more` are farther away, or even more than that."""

    relatives: tuple[Relative, ...]
    picture: bytes
    more: int
    uncounted: bool


class Genealogy:
    """Draws families. Raises UserError with the sentence for the person."""

    def __init__(self, *, gallery: Gallery, lineage: Lineage, clerk: Clerk, identity: Identity) -> None:
        self._gallery = gallery
        self._lineage = lineage
        self._clerk = clerk
        self._identity = identity

    async def tree(self, caller: Caller, record_id: str) -> FamilyTree:
        """Return the family of a picture that the caller may see here; what they may not see is only known to be."""
        focus = await self._gallery.record(caller, record_id)
        kin = await self._lineage.kin(focus.id, MOST, GENERATIONS)
        pedigree = arrange(kin.ids, kin.lines)
        seen = await self._gallery.history.among(kin.ids, caller.user_id, caller.views)
        records = {each.id: each for each in seen if self._gallery.may_show(caller, each)}
        relatives = tuple(_relatives(pedigree, kin, records))
        cards = [await self._card(each, focus, caller.locale) for each in relatives]
        picture = await self._clerk.call(
            draw_pedigree, pedigree, cards, VERSION, self._identity, timeout=SHRINK_SECONDS
        )
        return FamilyTree(relatives, picture, kin.more, kin.uncounted)

    async def _card(self, relative: Relative, focus: Record, locale: str) -> Card:
        """Return what is drawn of a relative: nothing of one that is hidden, or is to be seen on a click only."""
        record = relative.record
        if record is None:
            return Card(None, "", say("bot.lineage_hidden", locale=locale), relative.action, focus=False)
        here = record.id == focus.id
        key = "bot.lineage_here" if here else "bot.lineage_size"
        caption = say(key, locale=locale, width=record.width, height=record.height)
        small = None if record.showing is not Showing.OPEN else await self._gallery.thumbnail(record)
        return Card(small, record.id, caption if small else record.id, relative.action, focus=here)


def _relatives(pedigree: Pedigree, kin: Kin, records: dict[str, Record]) -> Sequence[Relative]:
    numbers = {name: number for number, name in enumerate(pedigree.places, start=1)}
    relatives = []
    for name in pedigree.places:
        above = [line for line in kin.lines if line.child == name]
        action = ", ".join(dict.fromkeys(line.kind for line in above))
        parents = tuple(sorted({numbers[line.parent] for line in above}))
        relatives.append(Relative(records.get(name), action, parents))
    return relatives
