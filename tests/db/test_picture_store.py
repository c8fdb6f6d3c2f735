"""The picture store, as a folder and as a bucket: bytes under their own hash, there for good once put."""

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from object_server import NOTICED_SECONDS, ObjectServer, object_server

from config.settings import ConfigError
from db.images import FolderStore, PictureDamaged, PicturesAway, PictureStore, place_of
from db.objects import PROBE, ObjectStore
from db.stores import open_store

DAY = 86_400
OLD = time.time() - 7 * DAY
WINDOW = datetime.fromtimestamp(OLD - DAY, UTC), datetime.fromtimestamp(OLD + DAY, UTC)


@dataclass
class Kept:
    """A store, and the folder in which its files lie in the end."""

    store: PictureStore
    folder: Path

    def path(self, sha256: str) -> Path:
        return self.folder / place_of(sha256)

    async def make_old(self, *names: str, put: float = OLD) -> None:
        """Let pictures look as if they had been put long ago."""
        for sha256 in names:
            os.utime(self.path(sha256), (put, put))
        await asyncio.sleep(NOTICED_SECONDS)

    def pictures(self) -> set[Path]:
        return {path for path in self.folder.rglob("*") if path.is_file() and path.name != PROBE}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with object_server(tmp_path_factory.mktemp("objects")) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server


@pytest.fixture(scope="module")
def bucket(server: ObjectServer) -> Iterator[Kept]:
    """Open it once: that takes a second."""
    with asyncio.Runner() as runner:
        opening = open_store("s3://pictures/ours")
        yield Kept(runner.run(opening.__aenter__()), server.folder / "pictures" / "ours")
        runner.run(opening.__aexit__(None, None, None))


@pytest.fixture(params=["folder", "bucket"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    if request.param == "folder":
        yield Kept(FolderStore(tmp_path / "pictures"), tmp_path / "pictures")
        return
    bucket: Kept = request.getfixturevalue("bucket")
    yield bucket
    for path in bucket.pictures():
        path.unlink()
    time.sleep(NOTICED_SECONDS)


async def test_what_is_put_is_read_back_under_its_hash(kept):
    sha256 = await kept.store.put(b"a picture")

    assert sha256 == hashlib.sha256(b"a picture").hexdigest()
    assert kept.pictures() == {kept.folder / sha256[:2] / sha256[2:4] / f"{sha256}.png"}
    assert await kept.store.exists(sha256)
    assert await kept.store.read(sha256) == b"a picture"


async def test_a_picture_is_fetched_as_a_file(kept, tmp_path):
    sha256 = await kept.store.put(b"a picture")
    (tmp_path / "spool").mkdir()

    path = await kept.store.fetch(sha256, tmp_path / "spool")

    assert path.read_bytes() == b"a picture"
    with pytest.raises(FileNotFoundError):
        await kept.store.fetch("0" * 64, tmp_path / "spool")


async def test_the_same_bytes_are_kept_once(kept):
    first = await kept.store.put(b"a picture")
    second = await kept.store.put(b"a picture")

    assert first == second
    assert kept.pictures() == {kept.path(first)}


async def test_many_at_once_leave_whole_files_and_nothing_else(kept):
    pictures = [bytes([number % 7]) * 100_000 for number in range(30)]

    names = await asyncio.gather(*map(kept.store.put, pictures))

    assert kept.pictures() == {kept.path(name) for name in names}
    assert [await kept.store.read(name) for name in names] == pictures


async def test_a_changed_file_is_not_passed_off_as_the_picture(kept):
    sha256 = await kept.store.put(b"a picture")
    kept.path(sha256).write_bytes(b"b picture")
    await asyncio.sleep(NOTICED_SECONDS)

    with pytest.raises(PictureDamaged, match=sha256):
        await kept.store.read(sha256)

    await kept.store.put(b"a picture")
    assert await kept.store.read(sha256) == b"a picture"


async def test_a_deleted_picture_is_gone_and_may_be_deleted_again(kept):
    sha256 = await kept.store.put(b"a picture")

    await kept.store.delete(sha256)
    await kept.store.delete(sha256)

    assert not await kept.store.exists(sha256)
    with pytest.raises(FileNotFoundError):
        await kept.store.read(sha256)


async def test_a_sweep_takes_unknown_files_of_its_time_only(kept):
    names = (b"known", b"unknown", b"fresh", b"of old")
    known, unknown, fresh, ancient = [await kept.store.put(name) for name in names]
    await kept.make_old(known, unknown)
    await kept.make_old(ancient, put=OLD - 2 * DAY)

    removed = await kept.store.sweep({known}, *WINDOW)

    assert removed == [f"{unknown}.png"]
    assert kept.pictures() == {kept.path(known), kept.path(fresh), kept.path(ancient)}


async def test_a_sweep_takes_what_was_never_finished(tmp_path):
    store = FolderStore(tmp_path)
    torn = store.path(await store.put(b"known")).with_name("tmpx.part")
    torn.write_bytes(b"half a pic")
    os.utime(torn, (OLD, OLD))

    assert await store.sweep({hashlib.sha256(b"known").hexdigest()}, *WINDOW) == ["tmpx.part"]


async def test_a_picture_put_again_is_safe_from_the_sweep(kept):
    sha256 = await kept.store.put(b"a picture")
    await kept.make_old(sha256)

    await kept.store.put(b"a picture")

    assert await kept.store.sweep(set(), *WINDOW) == []


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "AB" * 32, "ab" * 31])
async def test_what_is_no_hash_is_no_picture(kept, name):
    with pytest.raises(ValueError, match="SHA-256"):
        await kept.store.read(name)


async def test_a_write_that_fails_leaves_no_file(tmp_path):
    taken = tmp_path / "pictures"
    taken.write_bytes(b"not a folder")

    with pytest.raises(OSError, match="pictures"):
        await FolderStore(taken).put(b"a picture")

    assert list(tmp_path.iterdir()) == [taken]


async def test_a_folder_tells_whether_it_could_be_used_last(tmp_path):
    store, missing = FolderStore(tmp_path / "pictures"), "0" * 64
    (tmp_path / "pictures").write_bytes(b"not a folder")
    with pytest.raises(OSError, match="pictures"):
        await store.put(b"a picture")
    assert not store.answers

    (tmp_path / "pictures").unlink()
    with pytest.raises(FileNotFoundError):
        await store.read(missing)
    assert store.answers, "that a picture is not there is an answer"


async def test_a_folder_that_cannot_be_written_is_named_at_the_start(tmp_path):
    (tmp_path / "pictures").write_bytes(b"not a folder")

    with pytest.raises(ConfigError, match=r"pictures: .* cannot be written"):
        await open_store(str(tmp_path / "pictures")).__aenter__()


@pytest.mark.parametrize(
    ("address", "variable", "value"),
    [
        ("s3://nowhere/pictures", "AWS_REGION", "us-east-1"),
        ("s3://pictures", "AWS_SECRET_ACCESS_KEY", "another secret"),
        ("s3://pictures", "AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"),
    ],
    ids=["no such bucket", "wrong credentials", "nobody there"],
)
async def test_a_bucket_that_cannot_be_written_is_named_at_the_start(server, monkeypatch, address, variable, value):
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigError, match=f"pictures: {address} cannot be written: .+"):
        await open_store(address).__aenter__()


async def test_a_bucket_that_is_away_for_a_while_is_waited_for(tmp_path, monkeypatch):
    with object_server(tmp_path / "objects") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        async with open_store("s3://pictures") as store:
            server.stop()
            putting = asyncio.create_task(store.put(b"a picture"))
            await asyncio.sleep(0.5)
            assert not putting.done()
            server.start()

            assert await store.read(await putting) == b"a picture"


async def test_a_bucket_that_stays_away_is_said_to_be_away_and_not_to_be_empty(tmp_path, monkeypatch):
    with object_server(tmp_path / "objects") as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        async with ObjectStore.opened("pictures", patience=0.2) as store:
            sha256 = await store.put(b"a picture")
            server.stop()

            with pytest.raises(PicturesAway, match="cannot be reached"):
                await store.read(sha256)
            with pytest.raises(PicturesAway):
                await store.exists(sha256)
            assert not store.answers
            server.start()
            assert await store.exists(sha256)
            assert store.answers


async def test_a_server_that_says_nothing_is_given_up(tmp_path, monkeypatch):
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(60), "127.0.0.1", 0)
    host, port = silent.sockets[0].getsockname()
    for name, value in ObjectServer(tmp_path, f"{host}:{port}").environment.items():
        monkeypatch.setenv(name, value)

    async with ObjectStore.opened("pictures", call=0.5) as store:
        with pytest.raises(ConfigError, match="TimeoutError"):
            await store.check()
    silent.close()
