"""Lets people paint where a picture is drawn anew: gives them a link, and takes what they painted."""

import logging
from dataclasses import replace

import aiohttp
import discord

from bot.caller import Caller
from bot.inpainting import Edit, draw
from bot.letters import NOBODY
from bot.studio import Studio
from bot.views.inpaint import painting_view
from bot.wishes import Source
from bot.wording import moment
from config.words import UserError, say
from db.base import utc_now
from painting.paintings import LIFE, Painting
from painting.server import PaintingServer

log = logging.getLogger(__name__)


class Painter:
    """Offers the page to people, where there is one. Raises UserError with the sentence for the person."""

    def __init__(self, client: discord.Client, studio: Studio, page: PaintingServer | None) -> None:
        self._client = client
        self._studio = studio
        self._page = page

    @property
    def is_open(self) -> bool:
        """Whether there is a page to paint on."""
        return self._page is not None and self._page.listens

    async def offer(self, caller: Caller, source: Source, edit: Edit) -> None:
        """Give the person alone a link to paint with, in place of the reply that says "thinking"."""
        if self._page is None or not self._page.listens:
            raise UserError("bot.which_region")
        await self._studio.masks.check_words(caller, edit.prompt, edit.negative_prompt)
        offer = _Offer(self._client, self._studio, caller, source, edit)
        address = self._page.open(
            Painting(
                user_id=caller.user_id,
                width=source.size.width,
                height=source.size.height,
                locale=caller.locale,
                picture=offer.picture,
                submit=offer.take,
            )
        )
        await offer.send(address)


class _Offer:
    """One link, and what follows from it. All is said by the token of the interaction that asked."""

    def __init__(self, client: discord.Client, studio: Studio, caller: Caller, source: Source, edit: Edit) -> None:
        self._studio = studio
        self._caller = caller
        self._source = source
        self._edit = edit
        self._webhook = discord.Webhook.partial(caller.application_id, caller.token, client=client)
        self._webhook.type = discord.WebhookType.application  # discord.py cannot know, and lets no other one whisper
        self._link: discord.WebhookMessage | None = None

    async def send(self, address: str) -> None:
        """Say where to paint, so that only the person sees it."""
        locale = self._caller.locale
        if self._caller.message_id is not None:
            await self._webhook.delete_message(self._caller.message_id)  # a public "thinking" cannot be made private
        text = say("bot.paint_here", locale=locale, until=moment(utc_now() + LIFE, "t"))
        view = painting_view(address, locale)
        self._link = await self._webhook.send(text, view=view, ephemeral=True, wait=True)

    async def picture(self) -> bytes:
        """Return the picture to paint on."""
        return await self._studio.masks.for_browser(await self._allowed())

    async def take(self, painted: bytes) -> None:
        """Enqueue the edit with what was painted; the reply stands in the channel, as always."""
        caller, source = self._caller, await self._allowed()
        mask = await self._studio.masks.of_file(caller, source, painted)
        text = say("bot.painted", locale=caller.locale, user=caller.user_id)
        reply = await self._webhook.send(text, wait=True, allowed_mentions=NOBODY)
        try:
            await draw(self._studio, replace(caller, message_id=reply.id), source, mask, self._edit)
        except BaseException:
            await _remove(reply)
            raise
        if self._link is not None:
            await _remove(self._link)

    async def _allowed(self) -> Source:
        """Return the picture, unless it was deleted or closed since, or the person shut out."""
        self._studio.discipline.check(self._caller.user_id, self._caller.guild_id)
        if self._source.record is None:
            return self._source
        return await self._studio.sources.of_record(self._caller, self._source.record.id)


async def _remove(message: discord.WebhookMessage) -> None:
    try:
        await message.delete()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message %s stays, though it is over: %s", message.id, error)
