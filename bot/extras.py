"""What can be had besides checkpoints: which of it is there, and how to get the rest."""

from collections.abc import Iterator, Sequence

from bot.diagnosis import Finding
from config.settings import ConfigError, Settings
from inference.captioners import Captioner, load_captioners
from inference.presence import fetching, is_there, lacks
from inference.segmenters import Segmenter, load_segmenters
from inference.upscalers import UpscalerCheckpoint, load_upscalers

CONFIG = "config.json"  # what any repository of transformers has


def offered_upscalers(settings: Settings) -> dict[str, UpscalerCheckpoint]:
    """Return the chosen upscalers that can work here. Raises ConfigError for names that models.toml does not know."""
    known = load_upscalers(settings.models)
    if unknown := [name for name in settings.upscalers if name not in known]:
        raise ConfigError(f"upscalers: {', '.join(unknown)} not in {settings.models}")
    return {name: known[name] for name in settings.upscalers if not lacks(known[name])}


def offered_captioner(settings: Settings) -> Captioner | None:
    """Return the chosen captioner, if it can work here. Raises ConfigError for one that models.toml does not know."""
    if settings.captioner is None:
        return None
    found = load_captioners(settings.models).get(settings.captioner)
    if found is None:
        raise ConfigError(f"captioner: {settings.captioner} not in {settings.models}")
    return found if is_there(found.weights, CONFIG) else None


def offered_segmenter(settings: Settings) -> Segmenter | None:
    """Return the chosen segmenter, if it can work here. Raises ConfigError for one that models.toml does not know."""
    if settings.segmenter is None:
        return None
    found = load_segmenters(settings.models).get(settings.segmenter)
    if found is None:
        raise ConfigError(f"segmenter: {settings.segmenter} not in {settings.models}")
    return found if is_there(found.weights, CONFIG) else None


def extras(settings: Settings) -> Iterator[Finding]:
    """Yield of every upscaler, captioner and segmenter whether it is on offer, and else what to do."""
    for name, upscaler in load_upscalers(settings.models).items():
        chosen, choose = name in settings.upscalers, f'add "{name}" to upscalers in imagine.toml'
        yield _finding(f"upscaler {name}", upscaler, "/upscale", lacks(upscaler), chosen, choose)
    for name, captioner in load_captioners(settings.models).items():
        missing = [] if is_there(captioner.weights, CONFIG) else [fetching(captioner.weights)]
        chosen, choose = name == settings.captioner, f'set captioner = "{name}" in imagine.toml'
        yield _finding(f"captioner {name}", captioner, "/describe", missing, chosen, choose)
    for name, segmenter in load_segmenters(settings.models).items():
        missing = [] if is_there(segmenter.weights, CONFIG) else [fetching(segmenter.weights)]
        chosen, choose = name == settings.segmenter, f'set segmenter = "{name}" in imagine.toml'
        yield _finding(f"segmenter {name}", segmenter, "/inpaint", missing, chosen, choose)


def _finding(
    subject: str,
    entry: UpscalerCheckpoint | Captioner | Segmenter,
    command: str,
    missing: Sequence[str],
    chosen: bool,
    choose: str,
) -> Finding:
    about = "; ".join(filter(None, (entry.title, entry.licence, entry.needs)))
    todo = [*missing, *([] if chosen else [choose])]
    if todo:
        return Finding(subject, not chosen, f"{about}. Not in {command}: {'; then '.join(todo)}; then start again")
    return Finding(subject, True, f"{about}. In {command}")
