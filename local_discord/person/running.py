"""Running a command: the interaction data of slash commands, autocomplete and context menus."""

from typing import Any

from local_discord.attachments import Upload
from local_discord.guild import Channel, Json
from local_discord.limits import commands
from local_discord.person.places import Act, Refused, find_user
from local_discord.person.resolved import Resolved
from local_discord.person.typed import Chosen, choose, parse_options
from local_discord.person.values import Converter
from local_discord.snowflake import parse


def slash_data(act: Act, channel: Channel) -> Json:
    """A slash command, typed as `text` or given as `command` and `options`."""
    offered = act.core.commands.offered(act.user, channel)
    if "text" in act.told:
        text = act.text("text").strip()
        if not text.startswith("/"):
            raise Refused("A command starts with “/”.")
        chosen, words = choose(offered, text[1:])
        given: dict[str, Any] = dict(parse_options(chosen, words))
    else:
        chosen, _ = choose(offered, act.text("command").removeprefix("/"))
        given = act.table("options")
    resolved = Resolved(act.core, channel, act.user)
    values = _values(act, channel, chosen, given, resolved)
    return {**_head(chosen, values), **resolved.part()}


def autocomplete_data(act: Act, channel: Channel) -> Json:
    """What autocomplete tells the bot: what is filled in so far, and which option is being typed in."""
    chosen, _ = choose(act.core.commands.offered(act.user, channel), act.text("command").removeprefix("/"))
    given, focused = act.table("options"), act.text("focused")
    option = next((item for item in chosen.options if item["name"] == focused), None)
    if option is None or not option.get("autocomplete"):
        raise Refused(f"“{focused}” has no autocomplete.")
    resolved = Resolved(act.core, channel, act.user)
    values = [_so_far(act, channel, item, given[item["name"]], resolved) for item in _named(chosen, given, focused)]
    typed = {"name": focused, "type": option["type"], "value": str(given.get(focused, "")), "focused": True}
    return {**_head(chosen, [*values, typed]), **resolved.part()}


def menu_data(act: Act, channel: Channel) -> Json:
    """A context menu's command on a message or a user."""
    name, target = act.text("command"), act.told.get("target")
    resolved = Resolved(act.core, channel, act.user)
    known = {item["type"]: item for item in act.core.commands.offered(act.user, channel) if item["name"] == name}
    person = find_user(act.core, str(target))
    if commands.USER in known and person is not None:
        command, target_id = known[commands.USER], resolved.user(person)
    elif commands.MESSAGE in known:
        command, target_id = known[commands.MESSAGE], resolved.message(act.message("target"))
    else:
        raise Refused(f"There is no command “{name}” for that here.", 404)
    return {**_identity(command), "target_id": target_id, **resolved.part()}


def _identity(command: Json) -> Json:
    place = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return {"id": command["id"], "name": command["name"], "type": command["type"], **place}


def _head(chosen: Chosen, values: list[Json]) -> Json:
    for step in reversed(chosen.steps):
        values = [{"name": step["name"], "type": step["type"], "options": values}]
    return {**_identity(chosen.command), "options": values}


def _values(act: Act, channel: Channel, chosen: Chosen, given: dict[str, Any], resolved: Resolved) -> list[Json]:
    known = {option["name"] for option in chosen.options}
    for name in given.keys() - known:
        raise Refused(f"“/{chosen.title}” has no option “{name}”.")
    converter = Converter(act, channel, resolved)
    files = _files(act, chosen, given)
    values: list[Json] = []
    for option in chosen.options:
        name, kind = option["name"], option["type"]
        value = given.get(name)
        if kind == commands.ATTACHMENT:
            value = resolved.attachment(files[name]) if name in files else None
        elif value in (None, ""):
            value = None
        else:
            value = converter.convert(option, value)
        if value is not None:
            values.append({"name": name, "type": kind, "value": value})
        elif option.get("required"):
            raise Refused(f"“{name}” is required.")
    return values


def _files(act: Act, chosen: Chosen, given: dict[str, Any]) -> dict[str, Upload]:
    """Which file goes to which option: the one whose number the option gives, else one after the other."""
    names = [option["name"] for option in chosen.options if option["type"] == commands.ATTACHMENT]
    numbered = {name: parse(given[name]) for name in names if given.get(name) is not None}
    if numbered:
        by_number: dict[int | None, Upload] = {upload.index: upload for upload in act.uploads}
        if not by_number.keys() >= set(numbered.values()):
            raise Refused("An attachment option gives the number of a file that is not there.")
        return {name: by_number[number] for name, number in numbered.items()}
    if len(act.uploads) > len(names):
        raise Refused(f"“/{chosen.title}” takes fewer files than that.")
    return dict(zip(names, act.uploads, strict=False))


def _named(chosen: Chosen, given: dict[str, Any], focused: str) -> list[Json]:
    return [option for option in chosen.options if option["name"] in given and option["name"] != focused]


def _so_far(act: Act, channel: Channel, option: Json, given: Any, resolved: Resolved) -> Json:
    """An option that is not being typed in; a value that does not fit yet is passed on as it is."""
    try:
        value = Converter(act, channel, resolved).convert(option, given)
    except (Refused, KeyError):
        value = str(given)
    return {"name": option["name"], "type": option["type"], "value": value}
