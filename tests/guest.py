"""A person on the local chat server, for tests: types, presses, reads."""

import asyncio
import json
import re
from typing import Any

import aiohttp

Json = dict[str, Any]

CHANGES = [  # the buttons that change a square picture
    *("Vary", "Vary strongly", "Upscale", "Edit region", "Zoom out 1.5×", "Zoom out 2×"),
    *("Pan left", "Pan right", "Pan up", "Pan down"),
]


class Refused(Exception):
    """The chat client itself would not have sent this; the text says why."""


class Guest:
    """One of the chat server's people, by the HTTP interface for people."""

    def __init__(self, session: aiohttp.ClientSession, page: str, name: str = "ada", channel: str = "studio") -> None:
        self.session = session
        self.base = f"{page.rstrip('/')}/local"
        self.name = name
        self.channel = channel

    async def type(self, text: str, *files: tuple[str, bytes]) -> Json:
        """Type a slash command and return the message that ends it, the licence accepted on the way."""
        started = await self.post("run", {"channel": self.channel, "text": text}, files)
        return await self.follow(started["interaction"])

    async def use(self, command: str, target: str) -> Json:
        """Choose a command of a message's menu, and return the message that ends it."""
        started = await self.post("run", {"channel": self.channel, "command": command, "target": target})
        return await self.follow(started["interaction"])

    async def press(self, message: Json, label: str) -> Json:
        """Press the button with that label and return the message that ends it."""
        return await self.follow((await self.push(message, label))["interaction"])

    async def push(self, message: Json, label: str) -> Json:
        """Press the button with that label, and wait for nothing."""
        return await self.post("press", {"message": message["id"], "custom_id": button(message, label)})

    async def say(self, content: str, *files: tuple[str, bytes]) -> Json:
        """Write an ordinary message."""
        return await self.post("say", {"channel": self.channel, "content": content}, files)

    async def messages(self) -> list[Json]:
        """Return what the person sees in the channel, oldest first."""
        return await self.get("messages", channel=self.channel, limit=200)

    async def message(self, message_id: str) -> Json:
        """Return a message as it is now."""
        return next(each for each in await self.messages() if each["id"] == message_id)

    async def answer(self, interaction: str) -> Json:
        """Wait for the first message that answers an interaction, whatever it asks."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.get(f"interactions/{interaction}", wait=10)
                if answer["message"] is not None:
                    return dict(answer["message"])
                await asyncio.sleep(0.1)

    async def follow(self, interaction: str, *, fields: Json | None = None, patience: float = 90.0) -> Json:
        """Wait for the message that ends an interaction; a modal is sent off with `fields` changed."""
        async with asyncio.timeout(patience):
            while True:
                answer = await self.get(f"interactions/{interaction}", wait=30)
                message = answer.get("message")
                if answer["state"] == "modal":
                    sent = await self.post("submit", {"interaction": interaction, "fields": fields or {}})
                    interaction = sent["interaction"]
                elif answer["state"] == "failed":
                    raise AssertionError(answer)
                elif message and (accept := custom_id(message, "imagine:accept")):
                    pressed = await self.post("press", {"message": message["id"], "custom_id": accept})
                    interaction = pressed["interaction"]
                elif message is None or answer["state"] in ("thinking", "acknowledged") or in_progress(message):
                    await asyncio.sleep(0.1)
                else:
                    return dict(message)

    async def post(self, call: str, body: Json, files: tuple[tuple[str, bytes], ...] = ()) -> Any:
        """Do something; raises Refused where the chat client would not send it."""
        body = {"user": self.name} | body
        data: Any = json.dumps(body)
        headers = {"Content-Type": "application/json"}
        if files:
            data, headers = aiohttp.FormData({"payload_json": json.dumps(body)}), {}
            for index, (filename, content) in enumerate(files):
                data.add_field(f"files[{index}]", content, filename=filename)
        async with self.session.post(f"{self.base}/{call}", data=data, headers=headers) as response:
            return await _read(response)

    async def get(self, call: str, **query: Any) -> Any:
        """Look at something."""
        async with self.session.get(f"{self.base}/{call}", params={"user": self.name} | query) as response:
            return await _read(response)

    async def fetch(self, attachment: Json) -> bytes:
        """Return an attachment's bytes."""
        async with self.session.get(attachment["url"]) as response:
            response.raise_for_status()
            return await response.read()


async def _read(response: aiohttp.ClientResponse) -> Any:
    answer = await response.json()
    if response.status >= 400:
        raise Refused(answer["error"])
    return answer


def in_progress(message: Json) -> bool:
    """Say whether a reply is that of a job which is not over."""
    return not message["ephemeral"] and custom_id(message, "imagine:cancel") is not None


def components(message: Json) -> list[Json]:
    """Return every component of a message, the nested ones too."""
    found, left = [], list(message.get("components", []))
    while left:
        component = left.pop(0)
        found.append(component)
        left += component.get("components", []) + ([component["accessory"]] if "accessory" in component else [])
    return found


def labels(message: Json) -> list[str]:
    """Return the labels of a message's buttons."""
    return [component["label"] for component in components(message) if component["type"] == 2]


def button(message: Json, label: str) -> str:
    """Return the custom id of the button with that label."""
    return next(str(each["custom_id"]) for each in components(message) if each.get("label") == label)


def custom_id(message: Json, prefix: str) -> str | None:
    """Return the first custom id that starts so."""
    ids = (str(component.get("custom_id", "")) for component in components(message))
    return next((each for each in ids if each.startswith(prefix)), None)


def record_ids(message: Json) -> list[str]:
    """Return the ids of the records that a result shows, from the names of its pictures."""
    return [re.sub(r"(SPOILER_)?imagine-(\w+)\..*", r"\2", each["filename"]) for each in message["attachments"]]
