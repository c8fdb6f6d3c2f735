"""The attempts that run, each with the events that its reader has still to see."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from inference.protocol import Done, Event, Failed, FailureKind


class Streams:
    """Brings events to those who read them; `cancel` is called with the attempt of a reader who goes away early."""

    def __init__(self, cancel: Callable[[str], None]) -> None:
        self._cancel = cancel
        self._events: dict[str, asyncio.Queue[Event]] = {}

    def __contains__(self, attempt_id: str) -> bool:
        return attempt_id in self._events

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._events))

    def __len__(self) -> int:
        return len(self._events)

    def open(self, attempt_id: str) -> AsyncIterator[Event]:
        """Begin with an attempt; its events come from the iterator, which must be read to its end."""
        events = self._events[attempt_id] = asyncio.Queue()
        return self._read(attempt_id, events)

    def deliver(self, event: Event) -> bool:
        """Pass an event on; say whether it was an attempt's end. What comes after the end reaches nobody."""
        if (events := self._events.get(event.attempt_id)) is None:
            return False
        events.put_nowait(event)
        if ended := isinstance(event, Done | Failed):
            del self._events[event.attempt_id]
        return ended

    def lose(self, attempt_ids: Iterable[str], reason: str) -> None:
        """End attempts of which nobody will say any more what became of them."""
        for attempt_id in list(attempt_ids):
            self.deliver(lost(attempt_id, reason))

    async def _read(self, attempt_id: str, events: asyncio.Queue[Event]) -> AsyncIterator[Event]:
        try:
            while True:
                event = await events.get()
                yield event
                if isinstance(event, Done | Failed):
                    return
        finally:
            self._cancel(attempt_id)


def lost(attempt_id: str, reason: str) -> Failed:
    """Return the end of an attempt whose worker was lost."""
    return Failed(attempt_id=attempt_id, kind=FailureKind.WORKER_LOST, detail=reason)


async def refused(attempt_id: str) -> AsyncIterator[Event]:
    """Yield the end of an attempt whose worker was not free."""
    yield lost(attempt_id, "the worker was not free")
