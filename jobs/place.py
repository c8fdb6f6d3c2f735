"""Where a job stands in the queue, as people are told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from db.tables.job import Job
from jobs.attempt import Running
from jobs.fair_share import Entry


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands: how many are served before it (0: it is running or next), and the expected seconds."""

    ahead: int
    people: int
    seconds: float
    running: bool


def place_of(job: Job, running: Mapping[int, Running], line: Iterable[Entry], lanes: int) -> Place:
    """Return where a job stands, by what runs on so many lanes and the line in the order of service."""
    if job.id in running:
        return Place(0, 0, running[job.id].seconds_left(), running=True)
    before: list[Entry] = []
    for entry in line:
        if entry.job == job.id:
            break
        before.append(entry)
    else:
        before = []  # it is being handed to a worker right now
    busy = sum(each.seconds_left() for each in running.values())
    seconds = (busy + sum(entry.cost for entry in before)) / lanes + job.cost
    others = {entry.path[-1] for entry in before} - {job.user_id}
    return Place(len(before) + (len(running) >= lanes), len(others), seconds, running=False)
