"""Deleted pictures taken out of the messages that show them."""

import logging
from functools import partial

import aiohttp
import discord

from bot.composer import Composer
from bot.interaction import Host
from bot.letters import NOBODY
from bot.replies import deleted_text
from bot.ways import fit
from db.tables.job import Job
from db.tables.record import Record

log = logging.getLogger(__name__)


async def remove_message(client: discord.Client, channel_id: int, message_id: int, text: str) -> bool:
    """Delete a message; where that is not allowed, empty it. Say whether that is all that can be done."""
    message = client.get_partial_messageable(channel_id).get_partial_message(message_id)
    failure: Exception | None = None
    empty = partial(message.edit, content=text, attachments=[], view=None, allowed_mentions=NOBODY)
    for way in (message.delete, empty):
        try:
            await way()
        except discord.NotFound:
            return True
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.info("message %s cannot be removed: %s", message_id, error)
            failure = error
        else:
            return True
    return isinstance(failure, discord.Forbidden)


async def leave_out(client: Host, job: Job, by: int) -> None:
    """Write a job's result anew, with those of its pictures that are left."""
    if job.message_id is None:  # not sent yet: it will be without the others
        return
    letter = await Composer(client, client.studio.gallery).result(job)
    letter = await fit(client, letter, job, job.channel_id)
    message = client.get_partial_messageable(job.channel_id).get_partial_message(job.message_id)
    files = [enclosure.to_file() for enclosure in letter.enclosures]
    try:
        await message.edit(content=letter.content, attachments=files, view=letter.view, allowed_mentions=NOBODY)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("message %s still shows a deleted picture: %s", job.message_id, error)
        await remove_message(client, job.channel_id, job.message_id, deleted_text(by, job.locale))


async def take_down(client: Host, job: Job, deleted: Record, by: int) -> None:
    """Take a deleted picture out of the message that shows it, which may show others of its job."""
    if deleted.message_id is None:
        return
    records = await client.studio.gallery.history.of_job(job.id)
    if any(record.is_there and record.message_id == deleted.message_id for record in records):
        await leave_out(client, job, by)
    else:
        await remove_message(client, job.channel_id, deleted.message_id, deleted_text(by, job.locale))
