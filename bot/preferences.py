"""What people and guilds draw with where a request leaves something open."""

from collections.abc import Mapping
from typing import Any

from bot.admission import Admission
from bot.caller import Caller
from bot.styles import owner_of, speaker
from db.base import Json
from db.defaults import Defaults
from db.presets import Owner


class Preferences:
    """Keeps defaults. Raises UserError with the sentence for the person."""

    def __init__(self, defaults: Defaults, admission: Admission) -> None:
        self._defaults = defaults
        self._admission = admission

    async def layers(self, caller: Caller) -> tuple[Json, ...]:
        """Return the defaults that hold for the caller here: their own, then their guild's."""
        own = await self.of(owner_of(caller))
        return (own,) if caller.guild_id is None else (own, await self.of(Owner(guild_id=caller.guild_id)))

    async def of(self, owner: Owner) -> Json:
        """Return the defaults of one owner."""
        return await self._defaults.of(owner)

    async def change(self, caller: Caller, changes: Mapping[str, Any], *, for_guild: bool) -> Json:
        """Set these defaults, None takes one back; return those that are set now."""
        owner = owner_of(caller, for_guild=for_guild)
        if changes.get("negative_prompt"):
            words = changes["negative_prompt"]
            await self._admission.check_words(speaker(caller, for_guild=for_guild), "", words)
        return await self._defaults.change(owner, dict(changes), caller.user_id)

    async def reset(self, caller: Caller, *, for_guild: bool) -> None:
        """Take all of them back."""
        await self._defaults.reset(owner_of(caller, for_guild=for_guild), caller.user_id)
