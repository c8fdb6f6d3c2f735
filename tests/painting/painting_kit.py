"""The painting page's server on a picture, and what it was sent."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from config.settings import Painting as Settings
from painting.paintings import Painting
from painting.server import PaintingServer

KEY = b"a key of the tests"
ADA, BEN = 1, 2


@dataclass
class Studio:
    """Who gives the links out and takes the masks; `refusal` is raised instead where there is one."""

    server: PaintingServer
    masks: list[bytes] = field(default_factory=list)
    refusal: Exception | None = None

    def open(self, user_id: int = ADA, size: tuple[int, int] = (256, 192), colour: str = "teal", **more: Any) -> str:
        """Return the address of a painting on a picture of one colour."""

        async def picture() -> bytes:
            return webp(size, colour)

        return self.server.open(
            Painting(
                user_id=user_id,
                width=size[0],
                height=size[1],
                locale="en-US",
                picture=picture,
                submit=self.take,
                **more,
            )
        )

    async def take(self, mask: bytes) -> None:
        if self.refusal is not None:
            raise self.refusal
        await asyncio.sleep(0)
        self.masks.append(mask)

    def mask(self) -> NDArray[np.uint8]:
        """The last mask, from black to white, as a file without colours."""
        image = Image.open(io.BytesIO(self.masks[-1]))
        assert image.format == "PNG"
        assert image.convert("RGBA").getextrema()[3] == (255, 255)
        return np.asarray(image.convert("L"))


@asynccontextmanager
async def open_studio(**settings: Any) -> AsyncIterator[Studio]:
    """Run the server for as long as the block."""
    server = PaintingServer(Settings(port=0, **settings), KEY)
    running = asyncio.create_task(server.run())
    async with asyncio.timeout(10):
        while not server.listens:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    yield Studio(server)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def webp(size: tuple[int, int], colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "WEBP")
    return file.getvalue()
