"""Whether the bot does what it is there for, and why not."""

from collections.abc import Iterator
from dataclasses import dataclass

from observing.snapshot import Snapshot

STUCK_SECONDS = 900.0  # a channel's line may be long, but not that long


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be well; the reason is for the operator, without internals."""

    name: str
    well: bool
    reason: str


def examine(now: Snapshot) -> Iterator[Check]:
    """Yield every check of a bot that serves."""
    shards, workers = len(now.gateway), len(now.workers)
    yield Check("gateway", now.connected > 0, f"{now.connected} of {shards} shards are connected")
    answers = now.outbox is not None
    yield Check("database", answers, "it answers" if answers else "it does not answer")
    told = "it answers" if now.pictures else "their store did not answer when it was asked last"
    yield Check("pictures", now.pictures, told)
    told = f"{now.ready} of {workers} are ready, {now.broken} broken"
    yield Check("workers", now.broken < workers, told if workers else "there are none")
    if now.outbox is not None:
        overdue = now.outbox.overdue
        yield Check("outbox", overdue < STUCK_SECONDS, f"{now.outbox.messages} wait, the latest {overdue:.0f} s late")
