"""How embeds and components are written once they are part of a message."""

from collections.abc import Callable
from typing import Any

from local_discord.attachments import Attachment
from local_discord.guild import Json
from local_discord.limits import kinds
from local_discord.limits.components import walk

SCHEME = "attachment://"
Address = Callable[[Attachment], str]

_DEFAULTS: dict[int, Json] = {
    kinds.SEPARATOR: {"spacing": 1, "divider": True},
    kinds.CONTAINER: {"accent_color": None, "spoiler": False},
    kinds.THUMBNAIL: {"description": None, "spoiler": False},
    kinds.FILE: {"spoiler": False},
    kinds.STRING_SELECT: {"min_values": 1, "max_values": 1},
    **{kind: {"min_values": 1, "max_values": 1, "default_values": []} for kind in kinds.SELECTS[1:]},
}


def settle(components: list[Json]) -> list[Json]:
    """Components with their defaults filled in, nulls left out, and a number for each that has none."""
    settled = [_settle(item) for item in components]
    everything = list(walk(settled))
    taken = {item["id"] for item in everything if item.get("id")}
    free = (number for number in range(1, 2**31) if number not in taken)
    for item in everything:
        if not item.get("id"):
            item["id"] = next(free)
    return settled


def _settle(item: Json) -> Json:
    given = {key: value for key, value in item.items() if value is not None}
    done = {**_DEFAULTS.get(item["type"], {}), **given}
    for key in ("components", "items", "options"):
        if key in done:
            done[key] = [_settle(inner) if "type" in inner else _bare(inner) for inner in done[key]]
    for key in ("accessory", "component"):
        if key in done:
            done[key] = _settle(done[key])
    if item["type"] == kinds.MEDIA_GALLERY:
        done["items"] = [{"description": None, "spoiler": False, **media} for media in done["items"]]
    return done


def _bare(item: Json) -> Json:
    return {key: value for key, value in item.items() if value is not None}


def references(item: Any) -> set[str]:
    """The file names that an embed or a component points to with `attachment://`."""
    if isinstance(item, dict):
        found = {
            value[len(SCHEME) :]
            for key, value in item.items()
            if key in ("url", "icon_url") and isinstance(value, str) and value.startswith(SCHEME)
        }
        return found.union(*map(references, item.values()))
    return set().union(*map(references, item)) if isinstance(item, list) else set()


def component_payload(item: Any, files: dict[str, Attachment], address: Address) -> Any:
    """A settled component with every media item unfurled; `files` are the message's attachments by name."""
    if isinstance(item, list):
        return [component_payload(inner, files, address) for inner in item]
    if not isinstance(item, dict):
        return item
    done = {key: component_payload(value, files, address) for key, value in item.items()}
    for key in ("media", "file"):
        if isinstance(item.get(key), dict):
            done[key] = _media(item[key]["url"], files, address)
    if item.get("type") == kinds.FILE:
        file = files.get(item["file"]["url"].removeprefix(SCHEME))
        done |= {"name": file.filename if file else None, "size": len(file.data) if file else None}
    return done


def _media(url: str, files: dict[str, Attachment], address: Address) -> Json:
    file = files.get(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None
    if file is None:
        return {"id": "0", "url": url, "proxy_url": url, "width": None, "height": None, "content_type": None}
    fresh, own = address(file), str(file.id)
    shape = {"width": file.width, "height": file.height, "content_type": file.content_type}
    return {"id": own, "attachment_id": own, "url": fresh, "proxy_url": fresh, **shape}


def embed_payload(embed: Json, files: dict[str, Attachment], address: Address) -> Json:
    """An embed as a message carries it, its pictures among the message's files resolved."""
    done = {key: value for key, value in embed.items() if value is not None and key not in ("provider", "video")}
    done["type"] = "rich"
    done["fields"] = [{"inline": False, **_bare(field)} for field in embed.get("fields") or []]
    for key in ("image", "thumbnail"):
        if key in done:
            done[key] = _picture(done[key].get("url") or "", files, address)
    for key in ("author", "footer"):
        if key in done:
            done[key] = _with_icon(_bare(done[key]), files, address)
    return {key: value for key, value in done.items() if value not in ({}, [])}


def _picture(url: str, files: dict[str, Attachment], address: Address) -> Json:
    if not url.startswith(SCHEME):
        return {"url": url, "proxy_url": url, "width": 0, "height": 0, "flags": 0} if url else {}
    file = files.get(url.removeprefix(SCHEME))
    if file is None:
        return {}
    fresh = address(file)
    shape = {"width": file.width or 0, "height": file.height or 0, "content_type": file.content_type}
    return {"url": fresh, "proxy_url": fresh, "flags": 0, **shape}


def _with_icon(part: Json, files: dict[str, Attachment], address: Address) -> Json:
    icon = part.pop("icon_url", None)
    shown = _picture(icon, files, address) if icon else {}
    return {**part, "icon_url": shown["url"], "proxy_icon_url": shown["url"]} if shown else part
