"""Rules for embeds."""

from typing import Any

from local_discord.errors import Form, Path
from local_discord.limits.shape import anything, boolean, each, integer, maybe, moment, record, text, url

MAX_TOTAL = 6000

_LINK = maybe(url("http", "https"))
_PICTURE = maybe(
    record(
        {},
        {
            "url": maybe(url("http", "https", "attachment")),
            "proxy_url": anything,
            "width": anything,
            "height": anything,
            "content_type": anything,
            "placeholder": anything,
            "placeholder_version": anything,
            "description": maybe(text(0, 4096)),
            "flags": anything,
        },
    )
)
_ICON = {"icon_url": maybe(url("http", "https", "attachment")), "proxy_icon_url": anything}
EMBED = record(
    {},
    {
        "type": anything,
        "flags": anything,
        "provider": anything,
        "video": anything,
        "url": _LINK,
        "title": maybe(text(0, 256)),
        "description": maybe(text(0, 4096)),
        "color": maybe(integer(0, 0xFFFFFF)),
        "timestamp": maybe(moment),
        "author": maybe(record({"name": text(1, 256)}, {"url": _LINK, **_ICON})),
        "footer": maybe(record({"text": text(1, 2048)}, _ICON)),
        "image": _PICTURE,
        "thumbnail": _PICTURE,
        "fields": maybe(
            each(record({"name": text(1, 256), "value": text(1, 1024)}, {"inline": maybe(boolean)}), 0, 25)
        ),
    },
)
_EMBEDS = each(EMBED, 0, 10)


def embeds(value: Any, path: Path, form: Form) -> None:
    """A message's embeds, with the limit on all their words together."""
    if not form.passes(_EMBEDS, value, path):
        return
    if sum(map(_words, value)) > MAX_TOTAL:
        form.wrong(path, "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {MAX_TOTAL}")
    for index, embed in enumerate(value):
        if not any(embed.get(key) for key in _SHOWN):
            form.wrong((*path, index, "description"), "BASE_TYPE_REQUIRED", "This field is required")


_SHOWN = ("title", "description", "fields", "author", "footer", "image", "thumbnail", "url", "video")


def _words(embed: dict[str, Any]) -> int:
    def length(holder: dict[str, Any] | None, *keys: str) -> int:
        return sum(len((holder or {}).get(key) or "") for key in keys)

    return (
        length(embed, "title", "description")
        + length(embed.get("author"), "name")
        + length(embed.get("footer"), "text")
        + sum(length(field, "name", "value") for field in embed.get("fields") or [])
    )
