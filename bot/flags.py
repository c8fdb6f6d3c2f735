"""Settings in a prompt, as people write them who come from Midjourney: `a fox --ar 3:2 --seed 5 --no text`."""

import re
from dataclasses import dataclass
from typing import Any

from bot.setting_lines import read_setting

SETTINGS = {
    "ar": "aspect",
    "aspect": "aspect",
    "seed": "seed",
    "steps": "steps",
    "cfg": "guidance",
    "w": "width",
    "width": "width",
    "h": "height",
    "height": "height",
}
WITHOUT = "no"
FOREIGN = re.compile(  # Midjourney's own, which mean nothing here
    "c|chaos|cref|cw|draft|exp|fast|hd|iw|niji|oref|ow|p|profile|q|quality|r|raw|relax|repeat|s|sref|stop|style|stylize"
    "|sw|tile|turbo|v|version|video|weird"
)
# a phone makes one long dash of two short ones; it stands in ordinary prose too, so there only ours are read
FLAG = re.compile(
    rf"(?:^|(?<=\s))(?:--(?P<name>[a-z]+)|[—–](?P<dashed>{'|'.join((WITHOUT, *SETTINGS))}))(?=\s|$)", re.IGNORECASE
)
VALUE = re.compile(r"-?\d[\d.,:]*|raw|https?://\S+")  # of a foreign flag


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without its flags, and the fields of a Wish that they name.

    Foreign flags are left out. Unknown ones stay in the prompt, as the words that they may be.
    """

    prompt: str
    changes: dict[str, Any]
    foreign: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def read_flags(prompt: str) -> Flags:
    """Return what the flags say, each by words of its line; those that belong to none stay in the prompt.

    Raises UserError for a wrong value.
    """
    matches = list(FLAG.finditer(prompt))
    if not matches:
        return Flags(prompt, {})
    words, changes = [prompt[: matches[0].start()].strip()], {}
    foreign, unknown = [], []
    ends = [*(match.start() for match in matches[1:]), len(prompt)]
    for match, end in zip(matches, ends, strict=True):
        name = (match["name"] or match["dashed"]).casefold()
        line, _, below = prompt[match.end() : end].partition("\n")
        value, rest = [*line.split(maxsplit=1), "", ""][:2]
        if name == WITHOUT:
            changes["negative_prompt"], rest = line.strip(), ""
        elif name in SETTINGS:
            changes |= read_setting(SETTINGS[name], value)
        elif FOREIGN.fullmatch(name):
            foreign.append(f"--{name}")
            rest = rest if VALUE.fullmatch(value) else line
        else:
            unknown.append(f"--{name}")
            rest = f"{match[0]}{line}"
        words += [rest.strip(), below.strip()]
    kept = " ".join(filter(None, words))
    return Flags(kept, changes, tuple(dict.fromkeys(foreign)), tuple(dict.fromkeys(unknown)))
