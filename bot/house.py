"""The collaborators that run: built on processes and a database, run beside each other, closed in reverse order."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Self

from bot.builder import Builder, Tools, all_offered
from bot.choosing import Choosing
from bot.client import ImagineClient
from bot.delivery import Delivery
from bot.discipline import Discipline
from bot.extras import offered_viewer
from bot.housekeeper import Housekeeper
from bot.login import Login, join
from bot.overview import Overview
from bot.progress import ProgressBoard
from bot.screen import Screen
from config.secret_key import secret_key
from config.settings import Settings
from db.base import utc_now
from db.bell import listen
from db.choices import Choices
from db.history import History
from db.hold import PATIENCE
from db.images import PictureStore
from db.privacy import Privacy
from db.session import Database
from db.stores import open_store
from inference.checkpoints import Checkpoint
from inference.choices import ChoiceFile
from inference.executors import chosen_executor
from inference.viewers import Task
from jobs.audience import Audience
from jobs.clerk import MEMORY_BYTES, Clerk
from jobs.dispatcher import Dispatcher
from moderation.policy_file import load_policy
from observing.metrics import Metrics
from painting.server import PaintingServer
from provenance.identity import load_identity

CLOSE_SECONDS = 2.0
REMAINS = timedelta(days=1)  # for which a picture without a row is left alone
PICTURE_DESKS = 4  # at most: each takes 140 MB once it has had work, and marks ten pictures of 1024² a second
EYES_BYTES = 8 << 30  # of address space: torch with two networks of a gigabyte

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class House:
    """The collaborators that run."""

    client: ImagineClient
    dispatcher: Dispatcher
    delivery: Delivery
    board: ProgressBoard
    audience: Audience
    overview: Overview
    metrics: Metrics
    housekeeper: Housekeeper
    discipline: Discipline
    history: History
    database: Database
    store: PictureStore
    screen: Screen
    page: PaintingServer | None
    checkpoints: Sequence[Checkpoint]  #: the one that workers start with comes first

    @classmethod
    def build(cls, settings: Settings, tools: Tools) -> Self:
        """Put the collaborators together. Raises ConfigError where policy or checkpoints are wrong."""
        builder = Builder(settings, tools)
        offered = builder.checkpoints.values()
        return cls(
            client=builder.client,
            dispatcher=builder.dispatcher,
            delivery=builder.delivery,
            board=builder.board,
            audience=builder.audience,
            overview=builder.overview,
            metrics=builder.metrics,
            housekeeper=builder.housekeeper,
            discipline=builder.discipline,
            history=builder.history,
            database=tools.database,
            store=tools.store,
            screen=builder.screen,
            page=builder.page,
            checkpoints=sorted(offered, key=lambda checkpoint: checkpoint.name != settings.checkpoint),
        )

    async def run(self, login: Login) -> None:
        """Serve until cancelled; the end of one is the end of all, loudly."""
        async with asyncio.TaskGroup() as group:
            group.create_task(join(self.client, login))
            group.create_task(self.screen.prepare())
            group.create_task(self.dispatcher.run(self.audience, self.checkpoints))
            group.create_task(listen(self.database, self.dispatcher.heard))
            group.create_task(self.board.run())
            group.create_task(self.delivery.run(self.board))
            group.create_task(self.client.desk.run())
            group.create_task(self.client.sweeper.run())
            group.create_task(self.housekeeper.run())
            group.create_task(remove_rubbish(self.store, self.database))
            if self.page is not None:
                group.create_task(self.page.run())

    async def close(self) -> None:
        """Let what runs end or be put back, then stop following it."""
        await self.dispatcher.drain()
        await self.board.close()


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Start the database and, once it is ours, the processes; build the house on them; close in reverse order."""
    guard = load_policy(settings.policy).guard
    memory = MEMORY_BYTES if guard is None else guard.memory_gib << 30
    offered = all_offered(settings)
    async with (
        Database(settings.database_url) as database,
        open_store(settings.pictures_address) as store,
        _turn(settings, database),
        Clerk(desks=picture_desks()) as pictures,
        Clerk(memory=memory) as prompts,
        eyes_of(settings) as eyes,
        _viewer(settings, Task.CAPTION) as captions,
        _viewer(settings, Task.SEGMENT) as finder,
    ):
        await database.migrate()
        choosing = Choosing(Choices(database), ChoiceFile(settings.data / "rows.json"))
        executor = chosen_executor(settings, offered, choosing.settle)
        tools = Tools(database, store, executor, pictures, prompts, eyes, captions, finder)
        house = House.build(settings, tools)
        async with AsyncExitStack() as stack:
            with database.needed():
                await house.discipline.load()
                await choosing.load()
            stack.push_async_callback(executor.close, CLOSE_SECONDS)
            await executor.start()
            await stack.enter_async_context(house.client)
            stack.push_async_callback(house.close)
            yield house


@asynccontextmanager
async def _turn(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Be the bot that serves the database; a standby does nothing before it is, so that there are never two.

    What would keep it from serving it says at once, not only when it is needed: raises ConfigError.
    """
    await database.check_version()
    load_identity(settings)
    secret_key(settings)
    async with database.held(inf if settings.standby else PATIENCE):
        yield


@asynccontextmanager
async def running(house: House, login: Login) -> AsyncIterator[None]:
    """Run the house beside the body; whichever fails first ends both."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(house.run(login))
        yield
        await house.close()
        task.cancel()


def picture_desks() -> int:
    """Return how many processes mark and encode pictures at most: half of the cores, as the rest have work too."""
    return min(PICTURE_DESKS, max(1, len(os.sched_getaffinity(0)) // 2))


def eyes_of(settings: Settings) -> AbstractAsyncContextManager[Clerk | None]:
    """Give the process that looks at what people send; none where the world of every checkpoint is closed."""
    return _clerk_for(any(each.image_check != "closed world" for each in all_offered(settings).values()))


def _viewer(settings: Settings, task: Task) -> AbstractAsyncContextManager[Clerk | None]:
    """Give the process that looks at pictures for a task, where there is a network for it."""
    return _clerk_for(offered_viewer(settings, task) is not None)


@asynccontextmanager
async def _clerk_for(needed: bool) -> AsyncIterator[Clerk | None]:
    """Give a process with room for torch and its networks, where it is needed."""
    if not needed:
        yield None
        return
    async with Clerk(memory=EYES_BYTES) as clerk:
        yield clerk


async def remove_rubbish(store: PictureStore, database: Database) -> None:
    """Remove picture files that no row needs: a crash between file and row left them.

    What is older than all that the database knows belongs to another one, from before a move perhaps; what is newer,
    to rows that are about to be written, or to the database of which this one is an older copy.
    """
    try:
        removed = await _sweep(store, Privacy(database))
    except Exception:
        log.exception("pictures that nobody needs stay until the next start")
    else:
        log.info("%d pictures that nobody needs were removed", len(removed))


async def _sweep(store: PictureStore, rows: Privacy) -> list[str]:
    if (span := await rows.span()) is None:
        return []
    first, last = span
    return await store.sweep(await rows.needed(), first, min(last, utc_now() - REMAINS))
