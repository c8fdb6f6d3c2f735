"""Files that people send, fetched from Discord."""

import asyncio
import logging

import aiohttp
import discord

from config.words import UserError

DOWNLOAD_SECONDS = 20.0

log = logging.getLogger(__name__)


async def download(upload: discord.Attachment, limit: int) -> bytes:
    """Return a file of at most so many bytes. Raises UserError where it is larger or cannot be had."""
    if upload.size > limit:
        raise UserError("provenance.too_many_bytes", limit=limit / 1e6)
    try:
        async with asyncio.timeout(DOWNLOAD_SECONDS):
            return await upload.read()
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.warning("upload of %s bytes could not be fetched: %s", upload.size, error)
        raise UserError("bot.upload_not_fetched") from error
