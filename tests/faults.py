"""A Discord that stumbles, by the dice: faults of the chat server, ordered one after another."""

import asyncio
from random import Random
from typing import Any

import aiohttp

EVERY = (0.3, 1.5)  # seconds
AT_ONCE = 2


class Faults:
    """The faults of a chat server, ordered at random."""

    def __init__(self, session: aiohttp.ClientSession, page: str, seed: int) -> None:
        self._session = session
        self._address = f"{page.rstrip('/')}/local/faults"
        self._dice = Random(f"faults {seed}")

    async def order_for_ever(self) -> None:
        """Order one after another, as long as those ordered strike: they do not pile up while the bot is away."""
        while True:
            await asyncio.sleep(self._dice.uniform(*EVERY))
            fault = self._choose()
            if await self._waiting() < AT_ONCE:
                async with self._session.post(self._address, json=[fault]) as response:
                    response.raise_for_status()

    async def clear(self) -> None:
        """Take back what has not struck yet."""
        async with self._session.delete(self._address) as response:
            response.raise_for_status()

    async def _waiting(self) -> int:
        async with self._session.get(self._address) as response:
            return len(await response.json())

    def _choose(self) -> dict[str, Any]:
        dice = self._dice
        path = dice.choice(["/api/", "/webhooks/", "/channels/", "/callback"])
        rest, few = {"kind": "rest", "path": path}, dice.randint(1, 3)
        faults: list[tuple[int, dict[str, Any]]] = [
            (4, rest | {"status": dice.choice([500, 502, 503]), "times": few}),
            (4, rest | {"status": 429, "retry_after": 0.3, "scope": dice.choice(["user", "global", "shared"])}),
            (3, {"kind": "lost_answer", "path": path}),
            (2, {"kind": "rest_delay", "path": path, "seconds": dice.uniform(0.1, 1.0), "times": few}),
            (2, {"kind": "gateway_drop", "code": dice.choice([1006, 4000]), "resumable": dice.random() < 0.5}),
            (1, {"kind": "gateway_reconnect"}),
            (1, {"kind": "invalid_session", "resumable": dice.random() < 0.5}),
            (2, {"kind": "expire_tokens"}),
        ]
        return dice.choices([fault for _, fault in faults], [weight for weight, _ in faults])[0]
