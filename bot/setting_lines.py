"""Settings as lines of "name: value", for people to change: written leniently, read leniently."""

import re
from collections.abc import Callable
from typing import Any

from bot.adapters import write_adapters
from bot.aspects import ratio_of
from config.words import UserError
from inference.request import ImageRequest, Sampler, Task

LINE = re.compile(r"\s*([^:=]+?)\s*[:=]\s*(.*?)\s*")
SIZE = re.compile(r"(\d{1,6})\s*[x×*]\s*(\d{1,6})", re.IGNORECASE)

Changes = dict[str, Any]


def setting_lines(request: ImageRequest) -> str:
    """Return the lines that describe how a picture was made, without its words and seed."""
    lines = {
        "steps": request.num_inference_steps,
        "guidance": f"{request.guidance_scale:g}",
        "sampler": request.sampler,
    }
    if request.task is Task.TEXT_TO_IMAGE:
        lines |= {"size": f"{request.width}x{request.height}"}
    if request.task in (Task.TEXT_TO_IMAGE, Task.UPSCALE):
        lines |= {"model": request.checkpoint, "count": 1}
        if request.adapters:
            lines |= {"adapters": write_adapters(request.adapters)}
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


def read_setting_lines(text: str) -> Changes:
    """Return the fields of a Wish that the lines name. Raises UserError that names the line to change."""
    changes: Changes = {}
    for line in filter(str.strip, text.splitlines()):
        match = LINE.fullmatch(line)
        if match is None:
            raise UserError("bot.setting_line_unreadable", given=line.strip()[:60], names=", ".join(READERS))
        name, value = match[1].casefold(), match[2]
        if name not in READERS:
            raise UserError("bot.setting_unknown", given=match[1][:40], names=", ".join(READERS))
        if value:
            changes |= read_setting(name, value)
    return changes


def read_sampler(text: str) -> Sampler:
    """Return the sampler of that name, in whatever case. Raises UserError that lists them."""
    wanted = text.strip().casefold()
    for sampler in Sampler:
        if sampler.value.casefold() == wanted:
            return sampler
    raise UserError("bot.sampler_unknown", given=text[:40], samplers=", ".join(Sampler))


def read_setting(name: str, value: str) -> Changes:
    """Return the fields of a Wish that one setting names. Raises UserError for a value that cannot be read."""
    try:
        return READERS[name](value)
    except ValueError:
        raise UserError("bot.setting_unreadable", name=name, given=value[:40]) from None


def _size(text: str) -> Changes:
    match = SIZE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return {"width": int(match[1]), "height": int(match[2])}


def _aspect(text: str) -> Changes:
    ratio_of(text)
    return {"aspect": text}


READERS: dict[str, Callable[[str], Changes]] = {
    "seed": lambda text: {"seed": int(text)},
    "steps": lambda text: {"steps": int(text)},
    "guidance": lambda text: {"guidance": float(text.replace(",", "."))},
    "sampler": lambda text: {"sampler": read_sampler(text)},
    "size": _size,
    "width": lambda text: {"width": int(text)},
    "height": lambda text: {"height": int(text)},
    "aspect": _aspect,
    "model": lambda text: {"checkpoint": text},
    "count": lambda text: {"count": int(text)},
    "preset": lambda text: {"preset": text},
    "adapters": lambda text: {"adapters": text},
}
