"""One life of a process of ours that draws, or leads to others that draw: its start, its messages, its log, its end."""

import asyncio
import logging
import re
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from pydantic import BaseModel

from config.logs import relay
from config.settings import ROOT
from inference.devices import without_secrets
from inference.numerics import NUMERICS
from inference.protocol import BadFrame, Codec, encode

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_WAIT_POLICY": "PASSIVE",  # idle threads that spin would take the bot's core
    "TOKENIZERS_PARALLELISM": "false",
}
EXIT_GRACE = 1.0  # seconds; a worker that hears of the end is gone at once

T = TypeVar("T")

log = logging.getLogger("inference.worker")


class ChildProcess(Generic[T]):
    """A running `python -m module CONFIG`, at the other end of the socket `config.fd`. Leaving the context ends it.

    Its messages are those of `codec`; `environment` is added to ours; it is killed where it takes
    longer than `grace` seconds to end.
    """

    def __init__(
        self,
        module: str,
        config: BaseModel,
        codec: Codec[T],
        *,
        environment: Mapping[str, str] | None = None,
        grace: float = EXIT_GRACE,
    ) -> None:
        self.reason = ""  #: why we killed it, where we did
        self._module = module
        self._config = config
        self._codec = codec
        self._environment = environment or {}
        self._grace = grace
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self._log: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._process = await self._spawn(theirs.fileno())
                self._reader, self._writer = await asyncio.open_connection(sock=ours)
            except BaseException:
                ours.close()
                raise
        self._log = asyncio.create_task(self._copy_log())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        try:
            await asyncio.wait_for(self._process.wait(), self._grace)
        except TimeoutError:
            self.kill("it did not end by itself")
            await self._process.wait()
        finally:
            if self._process.returncode is None:
                self.kill("we end")
            await self._log

    def send(self, message: "DataclassInstance") -> None:
        """Send a message; one to a dead process is lost."""
        self._writer.write(encode(message))

    async def messages(self) -> AsyncIterator[T]:
        """Yield what the process says, until it ends."""
        try:
            while True:
                yield await self._codec.receive(self._reader)
        except (EOFError, ConnectionError):
            return
        except BadFrame as error:
            self.kill(str(error))

    def kill(self, reason: str) -> None:
        """End the process at once."""
        self.reason = self.reason or reason
        if self._process.returncode is None:
            self._process.kill()

    def epitaph(self) -> str:
        """Say why the process ended."""
        return self.reason or f"the process ended by itself with status {self._process.returncode}"

    async def _spawn(self, fd: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            self._config.model_copy(update={"fd": fd}).model_dump_json(),
            cwd=ROOT,
            # nobody's settings may change a picture's bytes
            env={**ENVIRONMENT, **without_secrets(), **self._environment, **NUMERICS},
            pass_fds=(fd,),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the bot, which then drains the workers
        )

    async def _copy_log(self) -> None:
        stream, rest = self._process.stdout, b""
        assert stream is not None
        while chunk := await stream.read(2**16):
            *lines, rest = re.split(rb"[\r\n]+", rest + chunk)
            for line in lines:
                self._write_log(line)
        self._write_log(rest)

    def _write_log(self, line: bytes) -> None:
        if text := line.decode(errors="replace").strip():
            relay(text, log)
