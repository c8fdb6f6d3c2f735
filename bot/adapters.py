"""LoRAs and textual inversions as people ask for them: `watercolor:0.8, pixel`."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from config.words import UserError
from inference.adapter_files import AdapterFile, read_adapters
from inference.checkpoints import Checkpoint
from inference.request import Adapters

NAMED = 20  #: in the sentence that says which there are


class AdapterShelf:
    """Which adapters each checkpoint has; a folder is read again when something was put into it or taken out."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[int, dict[str, AdapterFile]]] = {}

    async def of(self, checkpoint: Checkpoint) -> Mapping[str, AdapterFile]:
        """Return the checkpoint's adapters by name."""
        if checkpoint.adapters is None:
            return {}
        return await asyncio.to_thread(self._read, checkpoint.adapters)

    async def choose(self, checkpoint: Checkpoint, text: str) -> tuple[Adapters, tuple[str, ...]]:
        """Return the adapters that a text asks for, and the words that call upon them.

        Raises UserError where the checkpoint has none of that name, and for a weight that is no number.
        """
        offered = await self.of(checkpoint)
        wanted = [_split(part, offered) for part in text.split(",") if part.strip()]
        if unknown := [name for name, _ in wanted if name not in offered]:
            raise _unknown(checkpoint, unknown[0], offered)
        words = dict.fromkeys(word for name, _ in wanted for word in offered[name].words)
        return tuple((name, _weight(offered[name], given)) for name, given in wanted), tuple(words)

    def _read(self, folder: Path) -> dict[str, AdapterFile]:
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return {}
        known = self._known.get(folder)
        if known is None or known[0] != changed:
            known = self._known[folder] = (changed, read_adapters(folder))
        return known[1]


def write_adapters(adapters: Adapters) -> str:
    """Return the text that asks for these adapters."""
    return ", ".join(f"{name}:{weight:g}" for name, weight in adapters)


def calling(prompts: Sequence[str], words: Sequence[str], negative_prompt: str) -> tuple[tuple[str, ...], list[str]]:
    """Return the prompts with the words that are missing after them, and which these are.

    What stands in the negative prompt is missing nowhere: some textual inversions are made for it.
    """
    missing = [_missing(words, f"{prompt}\n{negative_prompt}") for prompt in prompts]
    called = tuple(", ".join(filter(None, (prompt, *added))) for prompt, added in zip(prompts, missing, strict=True))
    return called, [word for word in words if any(word in added for added in missing)]


def _missing(words: Sequence[str], text: str) -> list[str]:
    return [word for word in words if word.casefold() not in text.casefold()]


def _split(part: str, offered: Mapping[str, AdapterFile]) -> tuple[str, str | None]:
    """Return a name as it is offered, in whatever case it was typed, and the weight after it."""
    name, colon, weight = part.rpartition(":")
    name, given = (name.strip(), weight.strip()) if colon else (part.strip(), None)
    return next((each for each in offered if each.casefold() == name.casefold()), name), given


def _weight(adapter: AdapterFile, given: str | None) -> float:
    if given is None:
        return adapter.weight
    try:
        return float(given)
    except ValueError:
        raise UserError("bot.adapter_weight_unreadable", name=adapter.name, given=given[:20]) from None


def _unknown(checkpoint: Checkpoint, name: str, offered: Mapping[str, AdapterFile]) -> UserError:
    if not offered:
        return UserError("bot.no_adapters", model=checkpoint.title)
    names = ", ".join(list(offered)[:NAMED])
    return UserError("bot.no_such_adapter", given=name[:40], names=names, model=checkpoint.title)
