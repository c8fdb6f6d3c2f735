"""One option's value, checked as Discord's client checks it before anything is sent."""

import math
from collections.abc import Callable
from typing import Any

from local_discord.guild import Channel, Json
from local_discord.limits import commands
from local_discord.limits.commands import SAFE
from local_discord.person.places import Act, Refused, find_channel, find_user
from local_discord.person.resolved import Resolved
from local_discord.snowflake import parse

MAX_STRING = 6000


class Converter:
    """Turns what a person gave into the values of an interaction, and keeps what they point to."""

    def __init__(self, act: Act, channel: Channel, resolved: Resolved) -> None:
        self._act = act
        self._channel = channel
        self._resolved = resolved
        self._by_type: dict[int, Callable[[Json, Any], Any]] = {
            commands.STRING: _string,
            commands.INTEGER: _integer,
            commands.NUMBER: _number,
            commands.BOOLEAN: _boolean,
            commands.USER_OPTION: self._user,
            commands.CHANNEL: self._place,
            commands.ROLE: self._role,
            commands.MENTIONABLE: self._mentionable,
        }

    def convert(self, option: Json, given: Any) -> Any:
        """The value for an option of any type but attachment; Refused with a sentence when it does not fit."""
        if option.get("choices"):
            return _choice(option, given)
        return self._by_type[option["type"]](option, given)

    def _user(self, option: Json, given: Any) -> str:
        found = find_user(self._act.core, str(given))
        if found is None:
            raise Refused(f"“{option['name']}”: there is nobody called “{given}”.")
        return self._resolved.user(found)

    def _place(self, option: Json, given: Any) -> str:
        found = find_channel(self._act.core, self._act.user, str(given))
        kinds = option.get("channel_types")
        if found is None or (kinds and found.type not in kinds):
            raise Refused(f"“{option['name']}”: there is no such channel as “{given}”.")
        return self._resolved.channel(found)

    def _role(self, option: Json, given: Any) -> str:
        guild = self._act.core.world.guild_of(self._channel)
        bare = str(given).removeprefix("<@&").removesuffix(">").removeprefix("@")
        roles = {} if guild is None else guild.roles
        found = roles.get(parse(bare) or 0) or next((role for role in roles.values() if role.name == bare), None)
        if found is None:
            raise Refused(f"“{option['name']}”: there is no role called “{given}”.")
        return self._resolved.role(found)

    def _mentionable(self, option: Json, given: Any) -> str:
        known = find_user(self._act.core, str(given))
        return self._resolved.user(known) if known else self._role(option, given)


def _choice(option: Json, given: Any) -> Any:
    for choice in option["choices"]:
        if given == choice["value"] or str(given).lower() in (choice["name"].lower(), str(choice["value"]).lower()):
            return choice["value"]
    known = ", ".join(choice["name"] for choice in option["choices"])
    raise Refused(f"“{option['name']}” must be one of: {known}.")


def _string(option: Json, given: Any) -> str:
    value = given if isinstance(given, str) else str(given)
    low, high = option.get("min_length", 0), min(option.get("max_length", MAX_STRING), MAX_STRING)
    if len(value) > high:
        raise Refused(f"“{option['name']}” may be at most {high} characters long; this is {len(value)}.")
    if len(value) < low:
        raise Refused(f"“{option['name']}” must be at least {low} characters long.")
    return value


def _integer(option: Json, given: Any) -> int:
    try:
        value = int(str(given).strip())
    except ValueError:
        raise Refused(f"“{option['name']}” must be a whole number, not “{given}”.") from None
    _in_range(option, value)
    return value


def _number(option: Json, given: Any) -> float:
    try:
        value = float(str(given).strip())
    except ValueError:
        raise Refused(f"“{option['name']}” must be a number, not “{given}”.") from None
    if not math.isfinite(value):
        raise Refused(f"“{option['name']}” must be a number, not “{given}”.")
    _in_range(option, value)
    return value


def _in_range(option: Json, value: float) -> None:
    low, high = option.get("min_value", -SAFE), option.get("max_value", SAFE)
    if not low <= value <= high:
        raise Refused(f"“{option['name']}” must be between {low} and {high}.")


def _boolean(option: Json, given: Any) -> bool:
    known = {"true": True, "false": False, "yes": True, "no": False}
    value = known.get(str(given).strip().lower())
    if value is None:
        raise Refused(f"“{option['name']}” must be True or False.")
    return value
