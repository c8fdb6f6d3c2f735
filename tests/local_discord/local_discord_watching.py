"""A proxy in front of the server's REST API which holds all that passes against Discord's description."""

import email.parser
import email.policy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from local_discord_openapi import SPEC, request_problems, response_problems

_HOP = {"host", "content-length", "transfer-encoding", "connection", "content-encoding"}


class Watch:
    """Passes requests on to `target` and notes what does not fit; `calls` are (method, path, status)."""

    def __init__(self, target: str) -> None:
        self.base = ""
        self.calls: list[tuple[str, str, int]] = []
        self.problems: list[str] = []
        self._target = target

    async def pass_on(self, request: web.Request) -> web.Response:
        raw = await request.read()
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, self._target + request.path_qs, data=raw, headers=headers) as answer,
        ):
            content = await answer.read()
            kept = {key: value for key, value in answer.headers.items() if key.lower() not in _HOP}
            self._look(request, raw, answer.status, content)
            return web.Response(status=answer.status, body=content, headers=kept)

    def _look(self, request: web.Request, raw: bytes, status: int, content: bytes) -> None:
        path = request.path.removeprefix("/api/v10")
        self.calls.append((request.method, path, status))
        if not SPEC.exists():
            return
        asked = f"{request.method} {path} -> {status}"
        if status < 300:
            wrong = request_problems(request.method, path, body_of(request.headers.get("Content-Type", ""), raw))
            self.problems += [f"{asked} was accepted: {problem}" for problem in wrong]
        answered = json.loads(content) if content else None
        wrong = response_problems(request.method, path, status, answered)
        self.problems += [f"{asked} answered wrongly: {problem}" for problem in wrong]


def body_of(content_type: str, raw: bytes) -> Any:
    """The JSON of a request, out of `payload_json` when it is multipart."""
    if content_type.startswith("multipart/"):
        head = f"Content-Type: {content_type}\r\n\r\n".encode()
        for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + raw).iter_parts():
            if part.get_param("name", header="content-disposition") == "payload_json":
                return json.loads(part.get_payload(decode=True))
        return None
    return json.loads(raw) if raw else None


@asynccontextmanager
async def watching(target: str) -> AsyncIterator[Watch]:
    """A watch in front of the server at `target`; whatever it noted fails the test."""
    watch = Watch(target)
    app = web.Application(client_max_size=64 << 20)
    app.router.add_route("*", "/{path:.*}", watch.pass_on)
    async with TestServer(app) as server:
        watch.base = str(server.make_url("")).rstrip("/")
        yield watch
    assert not watch.problems, "\n".join(watch.problems)
