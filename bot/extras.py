"""What can be had besides checkpoints: which of it is there, and how to get the rest."""

from collections.abc import Iterator, Sequence

from bot.diagnosis import Finding
from config.settings import ConfigError, Settings
from inference.presence import fetching, is_there, lacks
from inference.upscalers import UpscalerCheckpoint, load_upscalers
from inference.viewers import Task, Viewer, load_viewers

CONFIG = "config.json"  # what any repository of transformers has
SETTINGS = {Task.CAPTION: "captioner", Task.SEGMENT: "segmenter"}
COMMANDS = {Task.CAPTION: "/describe", Task.SEGMENT: "/inpaint"}


def offered_upscalers(settings: Settings) -> dict[str, UpscalerCheckpoint]:
    """Return the chosen upscalers that can work here. Raises ConfigError for names that models.toml does not know."""
    known = load_upscalers(settings.models)
    if unknown := [name for name in settings.upscalers if name not in known]:
        raise ConfigError(f"upscalers: {', '.join(unknown)} not in {settings.models}")
    return {name: known[name] for name in settings.upscalers if not lacks(known[name])}


def offered_viewer(settings: Settings, task: Task) -> Viewer | None:
    """Return the chosen network for a task, if it can work here. Raises ConfigError for one that nobody knows."""
    setting, chosen = SETTINGS[task], getattr(settings, SETTINGS[task])
    if chosen is None:
        return None
    found = load_viewers(settings.models, task).get(chosen)
    if found is None:
        raise ConfigError(f"{setting}: {chosen} not in {settings.models}")
    return found if is_there(found.weights, CONFIG) else None


def extras(settings: Settings) -> Iterator[Finding]:
    """Yield of every upscaler, captioner and segmenter whether it is on offer, and else what to do."""
    for name, upscaler in load_upscalers(settings.models).items():
        chosen, choose = name in settings.upscalers, f'add "{name}" to upscalers in imagine.toml'
        yield _finding(f"upscaler {name}", upscaler, "/upscale", lacks(upscaler), chosen, choose)
    for task, setting in SETTINGS.items():
        for name, viewer in load_viewers(settings.models, task).items():
            missing = [] if is_there(viewer.weights, CONFIG) else [fetching(viewer.weights)]
            chosen, choose = name == getattr(settings, setting), f'set {setting} = "{name}" in imagine.toml'
            yield _finding(f"{setting} {name}", viewer, COMMANDS[task], missing, chosen, choose)


def _finding(
    subject: str,
    entry: UpscalerCheckpoint | Viewer,
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
