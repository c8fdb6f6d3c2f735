"""Events for people: every open page or test gets what its person may see."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager

from local_discord.guild import Json

Event = tuple[str, Json]
_MOST_WAITING = 1000


class Feed:
    """Who listens, and the events on their way to each."""

    def __init__(self) -> None:
        self._listeners: dict[int, set[asyncio.Queue[Event | None]]] = {}

    def send(self, user_id: int, event: str, data: Json) -> None:
        """Hand one event to everybody who listens as this person; a listener that fell far behind is let go."""
        for queue in self._listeners.get(user_id, set()):
            if queue.qsize() < _MOST_WAITING:
                queue.put_nowait((event, data))
            elif queue.qsize() == _MOST_WAITING:
                queue.put_nowait(None)

    def close(self) -> None:
        """End every listener's stream."""
        for queues in self._listeners.values():
            for queue in queues:
                queue.put_nowait(None)

    async def listen(self, user_id: int, idle: float) -> AsyncGenerator[Event | None]:
        """This person's events as they come; None whenever `idle` seconds passed without one."""
        with self._queue(user_id) as queue:
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), idle)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event

    @contextmanager
    def _queue(self, user_id: int) -> Iterator[asyncio.Queue[Event | None]]:
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        mine = self._listeners.setdefault(user_id, set())
        mine.add(queue)
        try:
            yield queue
        finally:
            mine.discard(queue)
