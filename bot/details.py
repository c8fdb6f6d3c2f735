"""Everything that made a picture, in words."""

from collections.abc import Mapping, Sequence

from bot.gallery import RELATIVES, Family
from bot.replies import CONTENT_LENGTH, description
from bot.wording import moment, shorten
from config.words import say
from db.history import Relative
from db.tables.record import Record, Sharing
from inference.checkpoints import Checkpoint

FINGERPRINT_LENGTH = 400
DETAILS = {Sharing.CLOSED: "bot.details_closed", Sharing.PRIVATE: "bot.details_private"}


def details_text(record: Record, family: Family, checkpoints: Mapping[str, Checkpoint], likes: int, locale: str) -> str:
    """Return a picture's details as a message's content."""
    lines = [
        say("bot.details", locale=locale, id=record.id, user=record.user_id, when=moment(record.finished_at, "f")),
        *description([record], locale),
        _model_line(record, checkpoints, locale),
        say("bot.details_time", locale=locale, seconds=record.seconds),
        *_family_lines(family, locale),
        *_sharing_lines(record, likes, locale),
        _engine_line(record, locale),
    ]
    return shorten("\n".join(lines), CONTENT_LENGTH)


def _model_line(record: Record, checkpoints: Mapping[str, Checkpoint], locale: str) -> str:
    known = checkpoints.get(record.checkpoint)
    title = record.checkpoint if known is None else known.title
    line = say("bot.details_model", locale=locale, title=title, revision=record.checkpoint_revision[:12])
    if known is None:
        return line
    licence = say("bot.details_licence", locale=locale, licence=known.licence, address=known.licence_url)
    return f"{line}\n{licence}"


def _family_lines(family: Family, locale: str) -> list[str]:
    lines = []
    if family.parents:
        lines.append(say("bot.details_parents", locale=locale, ids=_names(family.parents)))
    if family.children:
        lines.append(say("bot.details_children", locale=locale, ids=_names(family.children)))
    return lines


def _sharing_lines(record: Record, likes: int, locale: str) -> list[str]:
    lines = [] if record.sharing is Sharing.OPEN else [say(DETAILS[record.sharing], locale=locale)]
    return [say("bot.details_likes", locale=locale, count=likes), *lines] if likes else lines


def _names(relatives: Sequence[Relative]) -> str:
    names = ", ".join(f"`{each.record.id}` ({each.kind})" for each in relatives[:RELATIVES])
    return names if len(relatives) <= RELATIVES else f"{names}, …"


def _engine_line(record: Record, locale: str) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in sorted(record.fingerprint.items()))
    return say("bot.details_engine", locale=locale, facts=shorten(facts, FINGERPRINT_LENGTH))
