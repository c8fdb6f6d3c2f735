"""A message to a person, and the ways by which it reaches them."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import discord

from db.base import utc_now
from db.tables.job import Job

TOKEN_LIFE = timedelta(minutes=15)
TOKEN_MARGIN = timedelta(seconds=30)
LOOK_BACK = 2_000  # messages; a channel at our own pace has so many in forty minutes
SPOILER = "SPOILER_"  #: before the name of a file that is hidden until somebody clicks on it; discord.py's prefix
NOBODY = discord.AllowedMentions.none()


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A picture of a letter. `description` is its alt text; a spoiler is hidden until somebody clicks on it."""

    filename: str
    data: bytes
    description: str
    spoiler: bool = False

    def to_file(self) -> discord.File:
        """Return the file as discord.py sends it; a new one for every try, as sending consumes it."""
        description = self.description[:1024]
        return discord.File(io.BytesIO(self.data), self.filename, description=description, spoiler=self.spoiler)


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says and shows; whoever it names, it pings nobody.

    `answers` is the line that says which reply it comes instead of, in a letter that no picture tells from others.
    """

    content: str
    enclosures: tuple[Enclosure, ...] = ()
    view: discord.ui.View | None = None
    answers: str | None = None


def token_lives(job: Job) -> bool:
    """Say whether the interaction's token can still be used."""
    return job.token is not None and utc_now() < job.created_at + TOKEN_LIFE - TOKEN_MARGIN


async def edit_reply(client: discord.Client, job: Job, letter: Letter) -> discord.Message:
    """Write the letter over the reply of the job's interaction, by its token."""
    assert job.application_id is not None
    assert job.token is not None
    assert job.message_id is not None
    webhook = discord.Webhook.partial(job.application_id, job.token, client=client)
    return await webhook.edit_message(
        job.message_id,
        content=letter.content,
        attachments=[enclosure.to_file() for enclosure in letter.enclosures],
        view=letter.view,
        allowed_mentions=NOBODY,
    )


async def send_letter(place: discord.abc.Messageable, letter: Letter, nonce: str) -> discord.Message:
    """Send the letter as a message of its own; the same nonce sent twice makes one message."""
    files = [enclosure.to_file() for enclosure in letter.enclosures]
    if letter.view is None:
        return await place.send(letter.content, files=files, nonce=nonce, allowed_mentions=NOBODY)
    return await place.send(letter.content, files=files, view=letter.view, nonce=nonce, allowed_mentions=NOBODY)


async def find_letter(
    place: discord.abc.Messageable, letter: Letter, author: discord.abc.User | None, since: datetime
) -> discord.Message | None:
    """Return the author's latest message since then that is the letter.

    It is known by a picture of the letter, by the files' names, or by the line that says what it answers.
    """
    names = _stems(letter.enclosures)
    if not names and letter.answers is None:
        return None
    async for message in place.history(limit=LOOK_BACK, after=since, oldest_first=False):
        answers = letter.answers is not None and letter.answers in message.content.splitlines()
        if message.author == author and (answers or names & _stems(message.attachments)):
            return message
    return None


def _stems(files: Iterable[Enclosure] | Iterable[discord.Attachment]) -> set[str]:
    """Return the files' names without their endings, which change with the size, and without what hides them."""
    return {file.filename.removeprefix(SPOILER).rpartition(".")[0] for file in files}
