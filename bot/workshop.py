"""What draws pictures again without a bot: a worker, its clerks, and no database."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.builder import all_offered
from bot.house import CLOSE_SECONDS, eyes_of
from bot.rebuilding import Rebuilder
from config.settings import Settings
from inference.executors import chosen_executor
from jobs.clerk import MEMORY_BYTES, Clerk
from moderation.policy_file import load_policy
from provenance.identity import load_identity
from provenance.watermark import Method


@asynccontextmanager
async def open_rebuilder(settings: Settings, out: Path) -> AsyncIterator[Rebuilder]:
    """Start the processes; close them at the end. Raises ConfigError where policy or checkpoints are wrong."""
    guard, checkpoints = load_policy(settings.policy).guard, all_offered(settings)
    memory = MEMORY_BYTES if guard is None else guard.memory_gib << 30
    executor = chosen_executor(settings, checkpoints)
    async with (
        Clerk() as pictures,
        Clerk(memory=memory) as prompts,
        eyes_of(settings) as eyes,
        AsyncExitStack() as stack,
    ):
        stack.push_async_callback(executor.close, CLOSE_SECONDS)
        await executor.start()
        yield Rebuilder(
            checkpoints=checkpoints,
            executor=executor,
            pictures=pictures,
            prompts=prompts,
            eyes=eyes,
            policy=settings.policy,
            identity=load_identity(settings),
            method=Method(settings.watermark),
            out=out,
        )
