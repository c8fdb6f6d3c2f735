"""The log, written into memory as the bot would write it."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from config.logs import LogStyle, handler


@contextmanager
def written(style: LogStyle) -> Iterator[io.StringIO]:
    """Write the log in a style into memory too, as long as the block lasts."""
    stream, root = io.StringIO(), logging.getLogger()
    writes, level = handler(style, stream), root.level
    root.addHandler(writes)
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.setLevel(level)
        root.removeHandler(writes)


def objects(stream: io.StringIO) -> list[dict[str, str]]:
    """Return the lines of a log for programs."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]
