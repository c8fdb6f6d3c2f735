"""One person at the keyboard of the local chat server: types commands, reads replies, keeps the pictures."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from db.history import History

CHANNEL = "studio"
ANSWER_SECONDS = 30.0
PICTURE_SECONDS = 900.0
POLL_SECONDS = 0.3
MAKES_PICTURES = {"imagine", "vary", "upscale", "inpaint", "reproduce", "remix", "show"}

Json = dict[str, Any]


class TrialFailed(Exception):
    """The command did not get what a person would have wanted; the text says what came instead."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: the message, and the pictures that were written down."""

    command: str
    message: Json
    pictures: list[Json]
    names: dict[str, str]

    def as_text(self) -> str:
        """Return what a person would see."""
        lines = [f"> {self.command}", *(self._named(text) for text in _texts(self.message))]
        lines += [f"[picture] {picture['path']} (alt text: {picture['alt']})" for picture in self.pictures]
        labels = [label for label in _labels(self.message.get("components", [])) if label]
        return "\n".join([*lines, f"[buttons] {' | '.join(labels)}"] if labels else lines)

    def _named(self, text: str) -> str:
        return re.sub(r"<@(\d+)>", lambda mention: f"@{self.names.get(mention[1], mention[1])}", text)

    def as_json(self) -> str:
        """Return it for a program, in one line."""
        reply = {
            "command": self.command,
            "message": self.message,
            "components": self.message.get("components", []),
            "pictures": self.pictures,
        }
        return json.dumps(reply, ensure_ascii=False)


class Trial:
    """A person on the local chat server, by its HTTP interface for people."""

    def __init__(self, session: aiohttp.ClientSession, page: str, user: str, history: History, out: Path) -> None:
        self._session = session
        self._base = page.rstrip("/")
        self._user = user
        self._history = history
        self._out = out
        self._last = ""
        self._names: dict[str, str] = {}

    async def run(self, commands: list[str]) -> AsyncIterator[Reply]:
        """Type the commands one after the other; `{last}` is the newest record's id. Raises TrialFailed."""
        world = await self._get("world")
        self._names = {user["id"]: user["name"] for user in world["users"]}
        for command in commands:
            yield await self._run(command.replace("{last}", self._last))

    async def _run(self, command: str) -> Reply:
        started = await self._post("run", {"channel": CHANNEL, "text": command})
        message = await self._follow(started["interaction"], accepts=not command.startswith("/license"))
        pictures = [await self._keep(attachment) for attachment in message.get("attachments", [])]
        self._last = next((picture["record"] for picture in reversed(pictures) if "record" in picture), self._last)
        if not pictures and command.lstrip("/").split(" ")[0] in MAKES_PICTURES:
            raise TrialFailed("\n".join(_texts(message)))
        return Reply(command, message, pictures, self._names)

    async def _follow(self, interaction: str, *, accepts: bool) -> Json:
        """Go along with what the bot asks (the licence, a modal), and return the message that ends it."""
        async with asyncio.timeout(PICTURE_SECONDS):
            while True:
                answer = await self._get(f"interactions/{interaction}", wait=ANSWER_SECONDS)
                message = answer.get("message")
                if answer["state"] == "modal":
                    interaction = (await self._post("submit", {"interaction": interaction, "fields": {}}))[
                        "interaction"
                    ]
                elif message is None:
                    if answer["state"] not in ("thinking", "acknowledged"):  # a private answer may follow a deferral
                        raise TrialFailed(answer.get("error") or "no answer came")
                    await asyncio.sleep(POLL_SECONDS)
                elif accepts and (accept := _button(message, "imagine:accept")):
                    pressed = await self._post("press", {"message": message["id"], "custom_id": accept})
                    interaction = pressed["interaction"]
                elif answer["state"] == "thinking" or _in_progress(message):
                    await asyncio.sleep(POLL_SECONDS)
                else:
                    return dict(message)

    async def _keep(self, attachment: Json) -> Json:
        """Write a picture down, and return what the history knows of it; its file is named after its record."""
        async with self._session.get(attachment["url"]) as response:
            response.raise_for_status()
            data = await response.read()
        path = self._out / attachment["filename"]
        await asyncio.to_thread(path.write_bytes, data)
        kept = {"path": str(path), "alt": attachment.get("description")}
        record = await self._history.get(path.stem.removeprefix("imagine-"))
        if record is None:
            return kept
        return kept | {"seed": record.seed, "width": record.width, "height": record.height, "record": record.id}

    async def _post(self, call: str, body: Json) -> Json:
        async with self._session.post(f"{self._base}/local/{call}", json={"user": self._user} | body) as response:
            return await _read(response)

    async def _get(self, call: str, **query: Any) -> Json:
        async with self._session.get(f"{self._base}/local/{call}", params={"user": self._user} | query) as response:
            return await _read(response)


async def _read(response: aiohttp.ClientResponse) -> Json:
    answer: Json = await response.json()
    if response.status >= 400:
        raise TrialFailed(answer["error"])
    return answer


def _walk(components: list[Json]) -> list[Json]:
    found = []
    for component in components:
        inner = component.get("components", []) + [component[key] for key in ("accessory",) if key in component]
        found += [component, *_walk(inner)]
    return found


def _button(message: Json, prefix: str) -> str | None:
    ids = (str(component.get("custom_id", "")) for component in _walk(message.get("components", [])))
    return next((custom_id for custom_id in ids if custom_id.startswith(prefix)), None)


def _in_progress(message: Json) -> bool:
    """Say whether a reply is that of a job which is not over; /queue's own buttons are for the person alone."""
    return not message["ephemeral"] and _button(message, "imagine:cancel") is not None


def _texts(message: Json) -> list[str]:
    parts = [message.get("content", "")]
    parts += [embed.get(key, "") for embed in message.get("embeds", []) for key in ("title", "description")]
    parts += [component.get("content", "") for component in _walk(message.get("components", []))]
    return [part for part in parts if part]


def _labels(components: list[Json]) -> list[str]:
    return [
        component["label"] for component in _walk(components) if component.get("type") == 2 and "label" in component
    ]
