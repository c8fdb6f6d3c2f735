"""The process that speaks with the Ray cluster: `python -m inference.ray_driver CONFIG`, with one end of a socket pair.

Ray ends the process of a driver whose cluster's head is gone, and it holds the interpreter now and then: both must not
be the bot's. The process ends when the bot is gone, and when the head is; the workers stay.
"""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from socket import socket
from typing import Any

from config.logs import LogStyle, set_up
from inference.keeper import Duty
from inference.protocol import Cancel, Preview, Unusable, encode
from inference.ray_cluster import Cluster, Place, Unreachable
from inference.ray_protocol import TO_DRIVER, Answered, Changed, DriverConfig, FromDriver, Present, RunOn, ToDriver
from inference.ray_seat import Seat
from inference.streams import lost
from inference.worker import PREVIEW_BACKLOG, end

LOOK_EVERY = 2.0  # seconds; at who is in the cluster
HEAD_SECONDS = 20.0  # that the head has to answer in

log = logging.getLogger(__name__)


class Driver:
    """Reads the bot's messages, and lets the cluster draw."""

    def __init__(
        self, duty: Duty, cluster: Cluster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._duty = duty
        self._cluster = cluster
        self._reader = reader
        self._writer = writer
        self._seats: dict[Place, tuple[Seat, asyncio.Task[None]]] = {}
        self._calls: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until the bot closes the socket. Raises Unreachable where the cluster is not there, or is gone."""
        self._cluster.join()  # on the main thread, as Ray wants it; there is nothing else to do yet
        looking, obeying = asyncio.create_task(self._look_out()), asyncio.create_task(self._obey())
        done, _ = await asyncio.wait([looking, obeying], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        looking.cancel()
        await self._leave()

    async def _obey(self) -> None:
        """Do what the bot says, until it is gone."""
        while (message := await self._next()) is not None:
            match message:
                case RunOn(worker_id=worker_id, attempt=attempt):
                    seat = self._seat(worker_id)
                    if seat is None:
                        self._tell(lost(attempt.id, "its machine is gone"))
                    else:
                        seat.run(attempt)
                case Cancel(attempt_id=attempt_id):
                    for seat, _ in self._seats.values():
                        self._begin(seat.cancel(attempt_id))
                case Answered(worker_id=worker_id, choice=choice, value=value, problem=problem):
                    if (seat := self._seat(worker_id)) is not None:
                        self._begin(seat.answer(choice, value, problem))

    async def _next(self) -> ToDriver | None:
        try:
            return await TO_DRIVER.receive(self._reader)
        except (EOFError, ConnectionError):
            return None

    async def _look_out(self) -> None:
        """Take a seat on every GPU that comes, and leave those that go."""
        while True:
            try:
                places = await asyncio.wait_for(asyncio.to_thread(self._cluster.places), HEAD_SECONDS)
            except TimeoutError:
                raise Unreachable(f"the head of the Ray cluster did not answer within {HEAD_SECONDS:g} s") from None
            for place in sorted(set(places) - set(self._seats), key=lambda place: place.name):
                self._take_seat(place)
            for place in set(self._seats) - set(places):
                log.warning("worker %s is gone with its machine", place.name)
                _, task = self._seats.pop(place)
                task.cancel()
            for _, task in self._seats.values():
                if task.done():
                    task.result()  # raises: no seat ends by itself
            self._tell(Present(worker_ids=tuple(place.name for place in self._seats)))
            await asyncio.sleep(LOOK_EVERY)

    def _take_seat(self, place: Place) -> None:
        seat = Seat(place, self._cluster, self._duty, self._tell)
        self._tell(Changed(worker=seat.info))
        self._seats[place] = seat, asyncio.create_task(seat.live(), name=f"worker {place.name}")

    def _seat(self, worker_id: str) -> Seat | None:
        return next((seat for place, (seat, _) in self._seats.items() if place.name == worker_id), None)

    def _begin(self, call: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    def _tell(self, message: FromDriver) -> None:
        """Send it; previews are dropped when nobody reads them."""
        if not (isinstance(message, Preview) and self._writer.transport.get_write_buffer_size() > PREVIEW_BACKLOG):
            self._writer.write(encode(message))

    async def _leave(self) -> None:
        """Let every keeper go, once there is no seat left that would look for it again."""
        seats, tasks = [seat for seat, _ in self._seats.values()], [task for _, task in self._seats.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(seat.leave() for seat in seats))
        await asyncio.to_thread(self._cluster.leave)


async def serve(config: DriverConfig) -> None:
    """Serve the bot at the other end of `config.fd`, until it or the cluster is gone; then end the process."""
    reader, writer = await asyncio.open_connection(sock=socket(fileno=config.fd))
    try:
        await Driver(config.duty, Cluster(config.ray, config.gpus), reader, writer).run()
    except Unreachable as error:
        writer.write(encode(Unusable(problem=str(error))))
        await writer.drain()
        end(1)
    except Exception:
        log.exception("this driver cannot go on")
        end(1)
    end(0)


def main() -> None:
    """Run the driver that the command line describes."""
    set_up(LogStyle.JSON, logging.INFO)  # for the bot, which writes it into its own log
    asyncio.run(serve(DriverConfig.model_validate_json(sys.argv[1])))


if __name__ == "__main__":
    main()
