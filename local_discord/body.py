"""Reading requests: JSON, or multipart with the JSON in `payload_json` and files in `files[n]`."""

import json
import re
from typing import Any

from aiohttp import BodyPartReader, web

from local_discord.attachments import MAX_FILE, MAX_REQUEST, Upload
from local_discord.errors import ApiError, too_large

_FILE_FIELD = re.compile(r"files?(?:\[(\d{1,2})\])?")


async def read_json(request: web.Request) -> Any:
    """The JSON body; an empty one is an empty object. 50109 for bytes that are no JSON, 40005 for too many."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large() from error
    return _parse(raw) if raw else {}


async def read_form(request: web.Request) -> tuple[Any, list[Upload]]:
    """The JSON and the files of a request, whichever way it is written."""
    if not request.content_type.startswith("multipart/"):
        return await read_json(request), []
    if (request.content_length or 0) > MAX_REQUEST:
        raise too_large()
    body: Any = {}
    uploads: list[Upload] = []
    room = MAX_REQUEST
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                continue
            data = await _read_part(part, room)
            room -= len(data)
            if part.name == "payload_json":
                body = _parse(data)
            elif part.filename is not None and (found := _FILE_FIELD.fullmatch(part.name or "")):
                uploads.append(_upload(part, int(found[1] or 0), data))
    except (ValueError, AssertionError) as error:
        raise _bad_json() from error
    return body, uploads


async def _read_part(part: BodyPartReader, room: int) -> bytes:
    most = min(MAX_FILE, room)
    data = bytearray()
    while chunk := await part.read_chunk(1 << 16):
        data += chunk
        if len(data) > most:
            raise too_large()
    return bytes(data)


def _upload(part: BodyPartReader, index: int, data: bytes) -> Upload:
    kind = part.headers.get("Content-Type", "application/octet-stream")
    return Upload(index, part.filename or "unknown", data, kind)


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _bad_json() from error


def _bad_json() -> ApiError:
    return ApiError(400, 50109, "The request body contains invalid JSON.")


def answer(payload: Any, status: int = 200) -> web.Response:
    """JSON with the exact content type that client libraries compare with."""
    return web.Response(body=json.dumps(payload).encode(), status=status, content_type="application/json")


def nothing() -> web.Response:
    """204."""
    return web.Response(status=204)
