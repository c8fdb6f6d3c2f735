"""The buttons under a picture's details by which it is liked, and shared or not."""

from bot.collection import Regard
from bot.views.button import ActionButton
from config.words import say
from db.tables.record import Record, Sharing

SHARED = {
    Sharing.OPEN: "bot.sharing_open",
    Sharing.CLOSED: "bot.sharing_closed",
    Sharing.PRIVATE: "bot.sharing_private",
}
SHARED_NEW = {
    Sharing.OPEN: "bot.sharing_new_open",
    Sharing.CLOSED: "bot.sharing_new_closed",
    Sharing.PRIVATE: "bot.sharing_new_private",
}
CHANGES = {
    Sharing.OPEN: "buttons.share_open",
    Sharing.CLOSED: "buttons.share_closed",
    Sharing.PRIVATE: "buttons.share_private",
}


def keeping_buttons(record: Record, regard: Regard, locale: str) -> list[ActionButton]:
    """Return the buttons: to like, to see the family, and for its owner what else others may do with it."""
    answer, key = ("no", "buttons.unlike") if regard.liked else ("yes", "buttons.like")
    buttons = [
        ActionButton("like", f"{answer}:{record.id}", say(key, locale=locale)),
        ActionButton("lineage", record.id, say("buttons.lineage", locale=locale)),
    ]
    if regard.own and record.guild_id is not None:
        buttons += [
            ActionButton("share", f"{sharing}:{record.id}", say(label, locale=locale))
            for sharing, label in CHANGES.items()
            if sharing is not record.sharing
        ]
    return buttons
