"""The bot on Discord: what it listens to, which commands it has, and how they get there."""

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.actions import PRESSES
from bot.cases import Desk
from bot.commands import commands_for
from bot.interaction import Host, Interaction
from bot.making import Making
from bot.modals import MODALS, fields_of
from bot.painter import Painter
from bot.session_starts import SessionStarts
from bot.studio import Studio
from bot.sweeper import Sweeper
from bot.translator import CatalogueTranslator
from bot.tree import Tree, attend
from bot.views.button import PREFIX, ActionButton
from bot.views.select import ActionSelect
from config.settings import ConfigError
from db.removals import Removals
from painting.server import PaintingServer

CONNECTIONS = 32  # to Discord at once: under a rush, waiting for one costs less than a handshake of its own
SYNCED = "synced.json"  # in the data folder: which commands Discord was told of last

log = logging.getLogger(__name__)

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing is spoken here


class ImagineClient(Host):
    """Speaks to Discord for a studio, over `shards` connections; None: as many as Discord recommends.

    Pings nobody, and reads no messages.
    """

    def __init__(
        self, *, studio: Studio, removals: Removals, data: Path, page: PaintingServer | None, shards: int | None
    ) -> None:
        super().__init__(
            shard_count=shards,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            connector=aiohttp.TCPConnector(limit=CONNECTIONS),
        )
        self.logged_in = asyncio.Event()
        self.studio = studio
        self.making = Making(studio)
        self.painter = Painter(self, studio, page)
        self.desk = Desk(self, studio.review, studio.gallery, studio.policy)
        self.sweeper = Sweeper(self, removals)
        self.presses = PRESSES
        self.tree = Tree(
            self,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        )
        self._data = data

    async def setup_hook(self) -> None:
        """Take up commands and buttons, and tell Discord of these if they are not what it knows."""
        for command in commands_for(self.studio):
            self.tree.add_command(command)
        self.add_dynamic_items(ActionButton, ActionSelect)
        await self.tree.set_translator(CatalogueTranslator())
        await self.sync_commands()
        self._starts = await self._session_starts()
        self.logged_in.set()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Hold a shard back until it may identify."""
        await self._starts.turn(shard_id or 0)

    async def sync_commands(self) -> bool:
        """Send the commands if they changed or Discord lost them; say whether they were sent."""
        told = {"application": str(self.application_id), "digest": await self._digest()}
        if told == self._last_told() and await self._are_there():
            return False
        await self.tree.sync()
        self._data.mkdir(parents=True, exist_ok=True)
        (self._data / SYNCED).write_text(json.dumps(told), encoding="utf-8")
        log.info("told Discord of %s commands", len(self.tree.get_commands()))
        return True

    async def on_interaction(self, interaction: Interaction) -> None:
        """Take what was filled into a modal; commands and buttons have found their way already."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        data: Any = interaction.data
        kind, _, argument = data["custom_id"].removeprefix(PREFIX).partition(":")
        if kind in MODALS and await self.tree.interaction_check(interaction):
            await attend(interaction, MODALS[kind](interaction, argument, fields_of(data)))

    async def _session_starts(self) -> SessionStarts:
        """Ask how many shards there are to be, and how they may begin.

        Raises ConfigError where fewer may begin: whoever begins more is given a new token by Discord.
        """
        recommended, _, starts = await self.http.get_bot_gateway()
        self.shard_count = self.shard_count or recommended
        limits = discord.SessionStartLimits(**starts)
        if limits.remaining < self.shard_count:
            minutes = limits.reset_after / 60_000
            raise ConfigError(f"Discord lets the bot begin no more sessions today; start it in {minutes:.0f} minutes")
        log.info("%s shards, of %s that Discord recommends", self.shard_count, recommended)
        return SessionStarts(limits)

    async def _digest(self) -> str:
        assert self.tree.translator is not None
        commands = sorted(self.tree.get_commands(), key=lambda command: (command.name, str(type(command))))
        payload = [await command.get_translated_payload(self.tree, self.tree.translator) for command in commands]
        return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

    def _last_told(self) -> object:
        try:
            return json.loads((self._data / SYNCED).read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    async def _are_there(self) -> bool:
        there = {command.name for command in await self.tree.fetch_commands()}
        return there == {command.name for command in self.tree.get_commands()}
