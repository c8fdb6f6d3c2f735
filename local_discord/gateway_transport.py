"""Gateway frames on the wire: plain text, zlib-compressed payloads, or one zlib stream for the whole connection."""

import zlib

from aiohttp import web

#: Payloads of at least so many characters are worth compressing one by one.
COMPRESS_FROM = 1024


class Transport:
    """Encodes payloads for one connection and hands them to its websocket.

    ``compress`` is the address's parameter; anything but ``zlib-stream`` is sent plain, which clients accept.
    ``compress_payloads`` is set by IDENTIFY and does nothing on a compressed stream.
    """

    def __init__(self, socket: web.WebSocketResponse, compress: str | None) -> None:
        self._socket = socket
        self._stream = zlib.compressobj() if compress == "zlib-stream" else None
        self.compress_payloads = False

    async def send(self, text: str) -> None:
        """Send one payload, already JSON."""
        if self._stream is not None:
            data = self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)
            await self._socket.send_bytes(data)
        elif self.compress_payloads and len(text) >= COMPRESS_FROM:
            await self._socket.send_bytes(zlib.compress(text.encode()))
        else:
            await self._socket.send_str(text)
