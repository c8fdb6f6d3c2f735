"""What /status tells, in words: for the picture, and instead of it."""

from collections.abc import Iterator, Mapping, Sequence

from bot.status import Status
from bot.status_picture import End, Graph, Mark, Share, Sheet, WorkerLine
from bot.wording import span
from config.words import say
from db.load import Load
from db.tables.job import JobStatus
from inference.executor import WorkerInfo, WorkerState

LISTED = 12  # workers
STATES = {
    WorkerState.READY: ("status.worker_ready", Mark.DISC),
    WorkerState.STARTING: ("status.worker_starting", Mark.RING),
    WorkerState.RESTARTING: ("status.worker_restarting", Mark.TRIANGLE),
    WorkerState.BROKEN: ("status.worker_broken", Mark.CROSS),
}
ENDS = {
    JobStatus.DONE: "status.ends_done",
    JobStatus.REFUSED: "status.ends_refused",
    JobStatus.FAILED: "status.ends_failed",
    JobStatus.CANCELLED: "status.ends_cancelled",
}


def sheet_of(status: Status, locale: str) -> Sheet:
    """Return all that the picture shows, each number with its words."""
    load, now = status.load, status.now
    return Sheet(
        title=say("status.title", locale=locale),
        when=say("status.drawn_at", locale=locale, when=f"{status.at:%Y-%m-%d %H:%M}"),
        workers_title=say("status.workers", locale=locale),
        workers=[_worker(each, now.running.get(each.id, ()), locale) for each in now.workers[:LISTED]],
        workers_note=_note_on_workers(status, locale),
        depth=_depth(load, locale),
        waits=_waits(load, locale),
        share=_share(load, locale),
        ends_title=say("status.ends", locale=locale),
        ends=list(_ends(load, locale)),
    )


def status_alt(sheet: Sheet, locale: str) -> str:
    """Return the picture in words."""
    workers = [
        say(
            "status.worker_line",
            locale=locale,
            name=each.name,
            state=each.state,
            checkpoint=each.checkpoint,
            lanes=each.lanes_told,
        )
        for each in sheet.workers
    ]
    numbers = (say("status.ends_told", locale=locale, end=each.name, line=each.told) for each in sheet.ends)
    return say(
        "status.alt",
        locale=locale,
        title=sheet.title,
        when=sheet.when,
        workers=" ".join([*workers, *([f"{sheet.workers_note}."] if sheet.workers_note else [])]),
        depth=sheet.depth.title,
        waits=sheet.waits.title,
        share=sheet.share.title,
        ends=sheet.ends_title,
        numbers="; ".join(numbers),
    )


def _worker(worker: WorkerInfo, checkpoints: Sequence[str], locale: str) -> WorkerLine:
    key, mark = STATES[worker.state]
    busy, lanes = len(checkpoints), len(checkpoints) + worker.lanes_free
    told = (
        say("status.lanes", locale=locale, busy=busy, lanes=lanes) if lanes else say("status.no_lanes", locale=locale)
    )
    return WorkerLine(
        name=worker.id,
        mark=mark,
        state=say(key, locale=locale),
        checkpoint=", ".join(sorted({name for name, _ in worker.warm}.union(checkpoints)))
        or say("status.idle", locale=locale),
        busy=busy,
        lanes=lanes,
        lanes_told=told,
    )


def _note_on_workers(status: Status, locale: str) -> str:
    workers = status.now.workers
    if not workers:
        return say("status.no_workers", locale=locale)
    rest = workers[LISTED:]
    ready = sum(worker.state is WorkerState.READY for worker in rest)
    return say("status.more_workers", locale=locale, count=len(rest), ready=ready) if rest else ""


def _depth(load: Load, locale: str) -> Graph:
    most = max(load.depths)
    title = say("status.depth", locale=locale, now=load.depths[-1], most=most, hours=_hours(load))
    return _graph(title, str(most), {"": load.depths}, load, locale)


def _waits(load: Load, locale: str) -> Graph:
    known = [each for each in load.waits if each is not None]
    longest = max((each.longest for each in known), default=0.0)
    title = say("status.no_waits", locale=locale, hours=_hours(load))
    if known:
        mean = sum(each.jobs * each.mean for each in known) / sum(each.jobs for each in known)
        title = say("status.waits", locale=locale, mean=span(mean, locale), longest=span(longest, locale))
    lines = {
        say("status.mean", locale=locale): [None if each is None else each.mean for each in load.waits],
        say("status.longest", locale=locale): [None if each is None else each.longest for each in load.waits],
    }
    return _graph(title, span(longest, locale), lines, load, locale)


def _graph(title: str, most: str, lines: Mapping[str, Sequence[float | None]], load: Load, locale: str) -> Graph:
    start, end = say("status.ago", locale=locale, hours=_hours(load)), say("status.now", locale=locale)
    return Graph(title=title, most=most, lines=lines, start=start, end=end)


def _share(load: Load, locale: str) -> Share:
    if not load.everybody.seconds:
        return Share(title=say("status.no_share", locale=locale, hours=_hours(load)), part=0.0, equal=None, mark="")
    part, equal = load.guild.seconds / load.everybody.seconds, 1 / max(1, load.guilds)
    told = {"part": _per_cent(part), "equal": _per_cent(equal), "guilds": load.guilds, "hours": _hours(load)}
    title = say("status.share", locale=locale, **told)
    return Share(title=title, part=part, equal=equal, mark=say("status.equal", locale=locale))


def _per_cent(part: float) -> str:
    """Return it with a digit or two that count, however small it is: an equal part among many is small."""
    percent = 100 * part
    if 0 < percent < 0.01:
        return "< 0.01"
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}"


def _ends(load: Load, locale: str) -> Iterator[End]:
    for status, key in ENDS.items():
        here, everybody = load.guild.jobs.get(status, 0), load.everybody.jobs.get(status, 0)
        told = say("status.ends_line", locale=locale, here=here, all=everybody)
        yield End(name=say(key, locale=locale), here=here, everybody=everybody, told=told)


def _hours(load: Load) -> str:
    return f"{load.lasts.total_seconds() / 3600:g}"
