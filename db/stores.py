"""Which store holds the pictures: a folder, or a bucket of an S3-compatible store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from config.settings import S3, ConfigError
from db.images import FolderStore, PictureStore


@asynccontextmanager
async def open_store(address: str) -> AsyncIterator[PictureStore]:
    """Open the store at a folder's path or at s3://bucket/prefix, ready for pictures; else raise ConfigError."""
    if not address.startswith(S3):
        folder = FolderStore(Path(address))
        await folder.check()
        yield folder
        return
    try:
        from db.objects import ObjectStore
    except ImportError as error:
        raise ConfigError(f"pictures: {S3} needs the package s3fs: make setup installs it") from error
    async with ObjectStore.opened(address.removeprefix(S3)) as store:
        await store.check()
        yield store
