"""Settings in a prompt, as people write them who come from Midjourney: `a fox --ar 3:2 --seed 5 --no text`."""

import re
from dataclasses import dataclass
from itertools import pairwise
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
# a phone makes one long dash of two short ones; it stands in ordinary prose too, so there only what we know is read
FLAG = re.compile(
    rf"(?:^|(?<=\s))(?:--(?P<name>[a-z]+)|[—–](?P<known>{'|'.join((WITHOUT, *SETTINGS))}))(?=\s|$)", re.IGNORECASE
)
VALUE = re.compile(r"-?\d[\d.,:]*|https?://\S+")  # of a flag that we do not know


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without its flags, the fields of a Wish that they name, and the flags that mean nothing here."""

    prompt: str
    changes: dict[str, Any]
    unknown: tuple[str, ...]


def read_flags(prompt: str) -> Flags:
    """Return what the flags say; words that belong to none stay in the prompt. Raises UserError for a wrong value."""
    matches = list(FLAG.finditer(prompt))
    if not matches:
        return Flags(prompt, {}, ())
    words, changes, unknown = [prompt[: matches[0].start()].strip()], {}, []
    ends = [*(match.start() for match in matches), len(prompt)]
    for match, (_, end) in zip(matches, pairwise(ends), strict=True):
        name, text = (match["name"] or match["known"]).casefold(), prompt[match.end() : end].strip()
        if name == WITHOUT:
            changes["negative_prompt"] = text
            continue
        value, _, rest = text.partition(" ")
        if name in SETTINGS:
            changes |= read_setting(SETTINGS[name], value)
        else:
            unknown.append(f"--{name}")
            rest = rest if VALUE.fullmatch(value) else text
        words.append(rest.strip())
    return Flags(" ".join(filter(None, words)), changes, tuple(dict.fromkeys(unknown)))
