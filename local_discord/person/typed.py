"""A slash command as somebody types it: `/imagine a red circle seed:7 count:2`."""

import re
from typing import NamedTuple

from local_discord.guild import Json
from local_discord.limits.commands import ATTACHMENT, CHAT_INPUT, GROUP, STRING, SUBCOMMAND
from local_discord.person.places import Refused


class Chosen(NamedTuple):
    """A command, the names of its group and subcommand if it has them, and the options that go with these."""

    command: Json
    steps: tuple[Json, ...]
    options: list[Json]

    @property
    def title(self) -> str:
        """How a person writes it, without the slash."""
        return " ".join([self.command["name"], *(step["name"] for step in self.steps)])


def choose(offered: list[Json], words: str) -> tuple[Chosen, str]:
    """The command that the words begin with, and the words that are left."""
    name, rest = _first_word(words)
    command = next((item for item in offered if item["type"] == CHAT_INPUT and item["name"] == name.lower()), None)
    if command is None:
        raise Refused(f"There is no command “/{name}” here.", 404)
    steps: list[Json] = []
    options = command["options"]
    while any(option["type"] in (SUBCOMMAND, GROUP) for option in options):
        name, rest = _first_word(rest)
        step = next((option for option in options if option["name"] == name.lower()), None)
        if step is None:
            known = ", ".join(option["name"] for option in options)
            raise Refused(f"“/{command['name']}” needs one of: {known}.")
        steps.append(step)
        options = step.get("options", [])
    return Chosen(command, tuple(steps), options), rest


def parse_options(chosen: Chosen, words: str) -> dict[str, str]:
    """The option values in the words, all of them still text."""
    names = [option["name"] for option in chosen.options if option["type"] != ATTACHMENT]
    if not names:
        return _leading(chosen, words.strip())
    marks = list(re.finditer(rf"(?:^|(?<=\s))({'|'.join(map(re.escape, names))}):", words))
    values = _leading(chosen, words[: marks[0].start() if marks else None].strip())
    for mark, following in zip(marks, [*marks[1:], None], strict=False):
        if mark[1] in values:
            raise Refused(f"“{mark[1]}” is given twice.")
        values[mark[1]] = words[mark.end() : following.start() if following else None].strip()
    return values


def _leading(chosen: Chosen, words: str) -> dict[str, str]:
    """Words before the first `name:` belong to the first required string option, or else to the first string option."""
    if not words:
        return {}
    strings = [option for option in chosen.options if option["type"] == STRING]
    first = next((option for option in strings if option.get("required")), strings[0] if strings else None)
    if first is None:
        raise Refused(f"“/{chosen.title}” takes its options as name:value, so “{words}” says nothing to it.")
    return {first["name"]: words}


def _first_word(words: str) -> tuple[str, str]:
    parts = words.strip().split(None, 1)
    return (parts[0] if parts else ""), (parts[1] if len(parts) > 1 else "")
