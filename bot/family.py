"""A picture's family, shown to one person: drawn, told in words, and each relative to be opened."""

from bot.genealogy import FamilyTree, Relative
from bot.interaction import Interaction, caller_of, think
from bot.letters import NOBODY, Enclosure
from bot.replies import ALT_LENGTH, CONTENT_LENGTH
from bot.tree import whisper
from bot.views.family import family_view
from bot.wording import shorten
from config.words import UserError, say
from db.lineage import COUNTED


async def show_family(interaction: Interaction, record_id: str) -> None:
    """Show what a picture was made from and what was made from it, to the person alone."""
    await think(interaction, ephemeral=True)
    studio, caller = interaction.client.studio, caller_of(interaction)
    async with studio.turns:
        tree = await studio.genealogy.tree(caller, record_id)
    if len(tree.relatives) == 1:
        raise UserError("bot.no_family")
    alt = say("bot.lineage_alt", locale=caller.locale, family=" ".join(_lines(tree, caller.locale)))
    await whisper(
        interaction,
        _told(tree, caller.locale),
        attachments=[Enclosure("imagine-lineage.png", tree.picture, shorten(alt, ALT_LENGTH)).to_file()],
        view=family_view(tree.relatives, caller.locale),
        allowed_mentions=NOBODY,
    )


def _told(tree: FamilyTree, locale: str) -> str:
    """Return the family as a message, each picture with who asked for it."""
    lines = [say("bot.lineage", locale=locale)]
    for number, relative in enumerate(tree.relatives, start=1):
        line = _line(number, relative, locale)
        lines.append(line if relative.record is None else f"{line} <@{relative.record.user_id}>")
    if tree.more:
        key = "bot.lineage_even_more" if tree.uncounted else "bot.lineage_more"
        lines.append(say(key, locale=locale, count=tree.more, limit=COUNTED))
    return shorten("\n".join(lines), CONTENT_LENGTH)


def _lines(tree: FamilyTree, locale: str) -> list[str]:
    return [_line(number, relative, locale) for number, relative in enumerate(tree.relatives, start=1)]


def _line(number: int, relative: Relative, locale: str) -> str:
    """Return which picture has the number, and what it was made from."""
    name = say("bot.lineage_hidden", locale=locale) if relative.record is None else relative.record.id
    if not relative.parents:
        return say("bot.lineage_line", locale=locale, number=number, id=name)
    parents = ", ".join(map(str, relative.parents))
    return say("bot.lineage_line_from", locale=locale, number=number, id=name, action=relative.action, parents=parents)
