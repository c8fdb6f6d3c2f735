"""One client's websocket: reads payloads, writes queued ones in order, watches the heartbeat."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from local_discord.gateway_protocol import BadFrame, Close, Frame, Op, decode, encode
from local_discord.gateway_transport import Transport

if TYPE_CHECKING:
    from local_discord.gateway_session import Session

#: Discord's limit on what a client sends: payloads, and seconds.
MAX_SENDS, SEND_WINDOW = 120, 60.0
#: A client that reads so much slower than events come is cut off; it can resume.
MAX_QUEUED = 5000
#: A heartbeat this late, in intervals, is asked for; this much later still, the connection counts as dead.
LATE, DEAD = 1.2, 0.3
#: How long a client gets to confirm that its connection is closed, in seconds.
CLOSE_SECONDS = 2.0
#: How long a heartbeat's answer takes at the least, in seconds.
ACK_SECONDS = 0.05

Receive = Callable[["Connection", Op, Any], None]


class Connection:
    """A websocket between HELLO and its end; ``session`` is set once it has identified or resumed."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, transport: Transport, heartbeat: float
    ) -> None:
        self.session: Session | None = None
        self.base_url = f"ws://{request.host}{request.path}"
        self.transport = transport
        self.close_code: int | None = None
        self._request = request
        self._socket = socket
        self._heartbeat = heartbeat
        self._closing = False
        self._beat = asyncio.Event()
        self._sends: deque[float] = deque()
        self._queue: asyncio.Queue[Frame | tuple[int, str]] = asyncio.Queue(MAX_QUEUED)

    async def run(self, receive: Receive) -> None:
        """Say HELLO and serve until either side closes; then ``close_code`` tells how (1006: without a word)."""
        self.send(Op.HELLO, {"heartbeat_interval": round(self._heartbeat * 1000), "_trace": ["local-gateway"]})
        writer, watcher = asyncio.create_task(self._write()), asyncio.create_task(self._watch())
        try:
            await self._read(receive)
            if self._closing:
                await asyncio.wait({writer}, timeout=CLOSE_SECONDS)
        finally:
            writer.cancel()
            watcher.cancel()
            await asyncio.gather(writer, watcher, return_exceptions=True)

    def send(self, op: Op, data: Any = None) -> None:
        """Queue a payload that is not an event."""
        self._put(encode(op, data))

    def send_frame(self, frame: Frame) -> None:
        """Queue a payload that is JSON already, or that is made when its turn has come."""
        self._put(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Close once everything queued is sent; with 1006 there is no close frame."""
        self._closing = True
        self._put((code, reason))

    def acknowledge(self) -> None:
        """Answer a heartbeat: not sooner than over a real network, as discord.py writes down when it sent one
        only afterwards, and would think an earlier answer late.
        """
        self._beat.set()
        asyncio.get_running_loop().call_later(ACK_SECONDS, self.send, Op.HEARTBEAT_ACK)

    def _put(self, item: Frame | tuple[int, str]) -> None:
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            self._abort()

    async def _read(self, receive: Receive) -> None:
        while True:
            message = await self._socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                break
            try:
                self._count_send()
                receive(self, *decode(message.data))
            except BadFrame as error:
                self.close(error.code, str(error))
                return
        if self.close_code is None:
            self.close_code = message.data if message.type is WSMsgType.CLOSE else 1006

    def _count_send(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._sends and self._sends[0] <= now - SEND_WINDOW:
            self._sends.popleft()
        self._sends.append(now)
        if len(self._sends) > MAX_SENDS:
            raise BadFrame(Close.RATE_LIMITED, "You are being rate limited.")

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while not isinstance(item := await self._queue.get(), tuple):
                await self.transport.send(item if isinstance(item, str) else item())
            self.close_code, reason = item
            if self.close_code == 1006:
                self._break()
            else:
                await self._socket.close(code=self.close_code, message=reason.encode())

    def _break(self) -> None:
        """End without a close frame, but not before what is written has gone out."""
        if self._request.transport is not None:
            self._request.transport.close()

    def _abort(self) -> None:
        """End at once: the client does not read any more."""
        self.close_code = self.close_code or 1006
        if self._request.transport is not None:
            self._request.transport.abort()

    async def _watch(self) -> None:
        while True:
            if await self._beats_within(LATE * self._heartbeat):
                continue
            self.send(Op.HEARTBEAT)
            if not await self._beats_within(DEAD * self._heartbeat):
                self.close(Close.SESSION_TIMED_OUT, "Session timed out.")
                await asyncio.sleep(CLOSE_SECONDS)
                self._abort()
                return

    async def _beats_within(self, seconds: float) -> bool:
        self._beat.clear()
        try:
            await asyncio.wait_for(self._beat.wait(), seconds)
        except TimeoutError:
            return False
        return True
