"""The two sides of a local Discord in a test: a bot without a client library, and people."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from local_discord_watching import Watch

from local_discord.server import LocalDiscord

Files = Sequence[tuple[str, bytes]]


def png(width: int = 32, height: int = 16) -> bytes:
    """Enough of a PNG for its size to be read."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4) + height.to_bytes(4)


def form(payload: Any, files: Files) -> aiohttp.FormData:
    """A multipart body."""
    data = aiohttp.FormData(quote_fields=False)
    data.add_field("payload_json", json.dumps(payload), content_type="application/json")
    for index, (name, content) in enumerate(files):
        data.add_field(f"files[{index}]", content, filename=name, content_type="application/octet-stream")
    return data


@dataclass
class Reply:
    """A status and what came with it."""

    status: int
    body: Any

    @property
    def code(self) -> int:
        """Discord's code of an error."""
        return int(self.body["code"])

    def faults(self, *path: str | int) -> list[str]:
        """The codes of a form error at a place."""
        place = self.body["errors"]
        for step in path:
            place = place[str(step)]
        return [error["code"] for error in place["_errors"]]


@dataclass
class Bot:
    """The bot: REST with its token, and the interactions that its gateway hears of."""

    server: LocalDiscord
    session: aiohttp.ClientSession
    base: str
    events: list[tuple[str, Any]] = field(default_factory=list)
    heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def call(
        self, method: str, path: str, payload: Any = None, *, files: Files = (), token: str | None = None
    ) -> Reply:
        """A request below /api/v10."""
        headers = {"Authorization": f"Bot {self.server.token}" if token is None else token}
        body = {"data": form(payload, files)} if files else {} if payload is None else {"json": payload}
        url = f"{self.base}/api/v10{path}"
        async with self.session.request(method, url, headers=headers, **body) as answer:
            raw = await answer.read()
            if raw:
                assert answer.headers["Content-Type"] == "application/json"
            return Reply(answer.status, json.loads(raw) if raw else None)

    async def command(self, **command: Any) -> dict[str, Any]:
        """Register a global slash command."""
        told = {"name": "imagine", "description": "draw", **command}
        reply = await self.call("POST", f"/applications/{self.server.world.application_id}/commands", told)
        assert reply.status in (200, 201), reply.body
        return dict(reply.body)

    async def event(self, name: str) -> Any:
        """The next event of that name."""
        async with asyncio.timeout(5), self.heard:
            while True:
                for index, (kind, data) in enumerate(self.events):
                    if kind == name:
                        del self.events[index]
                        return data
                await self.heard.wait()

    async def interaction(self) -> dict[str, Any]:
        """The next interaction."""
        return dict(await self.event("INTERACTION_CREATE"))

    async def respond(
        self, interaction: dict[str, Any], kind: int, data: Any = None, *, files: Files = (), query: str = ""
    ) -> Reply:
        """Answer an interaction."""
        body = {"type": kind} if data is None else {"type": kind, "data": data}
        path = f"/interactions/{interaction['id']}/{interaction['token']}/callback{query}"
        return await self.call("POST", path, body, files=files, token="")

    async def webhook(
        self,
        method: str,
        interaction: dict[str, Any],
        payload: Any = None,
        *,
        which: str | None = None,
        files: Files = (),
    ) -> Reply:
        """Use an interaction's token; `which` is a message."""
        tail = "" if which is None else f"/messages/{which}"
        path = f"/webhooks/{interaction['application_id']}/{interaction['token']}{tail}"
        return await self.call(method, path, payload, files=files, token="")

    async def listen(self) -> None:
        """Stay connected to the gateway, as plainly as possible."""
        async with self.session.ws_connect(self.server.core.gateway_url + "?v=10&encoding=json") as socket:
            await socket.receive_json()
            who = {"token": self.server.token, "intents": (1 << 0) | (1 << 9) | (1 << 12), "properties": {}}
            await socket.send_json({"op": 2, "d": who})
            async for message in socket:
                told = json.loads(message.data)
                async with self.heard:
                    if told["op"] == 0:
                        self.events.append((told["t"], told["d"]))
                    self.heard.notify_all()


@dataclass
class Person:
    """Somebody who acts through /local."""

    session: aiohttp.ClientSession
    base: str
    name: str = "ada"
    room: str = "studio"

    async def post(self, path: str, payload: Any, *, files: Files = ()) -> Reply:
        """A request of this person's."""
        told = {"user": self.name, "channel": self.room, **payload}
        body = {"data": form(told, files)} if files else {"json": told}
        async with self.session.post(f"{self.base}/local/{path}", **body) as answer:
            return Reply(answer.status, await answer.json())

    async def get(self, path: str, **query: Any) -> Any:
        """What this person sees."""
        told = {"user": self.name, "channel": self.room, **query}
        async with self.session.get(f"{self.base}/local/{path}", params=told) as answer:
            return await answer.json()

    async def run(self, text: str, *, files: Files = ()) -> str:
        """Type a command; the interaction's id."""
        reply = await self.post("run", {"text": text}, files=files)
        assert reply.status == 200, reply.body
        return str(reply.body["interaction"])

    async def outcome(self, interaction: str, *, wait: float = 5, until: str = "answered") -> Any:
        """What came of an interaction."""
        return await self.get(f"interactions/{interaction}", wait=wait, until=until)

    async def messages(self) -> Any:
        """The messages in the room."""
        return await self.get("messages")


@asynccontextmanager
async def bot_and_people(server: LocalDiscord, watch: Watch) -> AsyncIterator[tuple[Bot, Person]]:
    """A listening bot, and ada."""
    async with aiohttp.ClientSession() as session:
        bot = Bot(server, session, watch.base)
        listening = asyncio.create_task(bot.listen())
        try:
            await bot.event("GUILD_CREATE")
            yield bot, Person(session, server.base)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
