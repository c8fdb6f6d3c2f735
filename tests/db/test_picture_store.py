"""The picture store: bytes under their own hash, there for good once put."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from db.images import PictureDamaged, PictureStore

OLD = time.time() - 7 * 86_400


@pytest.fixture
def store(tmp_path: Path) -> PictureStore:
    return PictureStore(tmp_path / "pictures")


async def test_what_is_put_is_read_back_under_its_hash(store):
    sha256 = await store.put(b"a picture")

    assert sha256 == hashlib.sha256(b"a picture").hexdigest()
    assert store.path(sha256).parts[-3:] == (sha256[:2], sha256[2:4], f"{sha256}.png")
    assert await store.exists(sha256)
    assert await store.read(sha256) == b"a picture"


async def test_the_same_bytes_are_kept_once(store, tmp_path):
    first = await store.put(b"a picture")
    second = await store.put(b"a picture")

    assert first == second
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [store.path(first)]


async def test_many_at_once_leave_whole_files_and_nothing_else(store, tmp_path):
    pictures = [bytes([number % 7]) * 100_000 for number in range(30)]

    names = await asyncio.gather(*map(store.put, pictures))

    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {store.path(name) for name in names}
    assert [await store.read(name) for name in names] == pictures


async def test_a_changed_file_is_not_passed_off_as_the_picture(store):
    sha256 = await store.put(b"a picture")
    store.path(sha256).write_bytes(b"b picture")

    with pytest.raises(PictureDamaged, match=sha256):
        await store.read(sha256)

    await store.put(b"a picture")
    assert await store.read(sha256) == b"a picture"


async def test_a_write_that_fails_leaves_no_file(tmp_path):
    taken = tmp_path / "pictures"
    taken.write_bytes(b"not a folder")

    with pytest.raises(OSError, match="pictures"):
        await PictureStore(taken).put(b"a picture")

    assert list(tmp_path.iterdir()) == [taken]


async def test_a_deleted_picture_is_gone_and_may_be_deleted_again(store):
    sha256 = await store.put(b"a picture")

    await store.delete(sha256)
    await store.delete(sha256)

    assert not await store.exists(sha256)
    with pytest.raises(FileNotFoundError):
        await store.read(sha256)


async def test_a_sweep_takes_old_unknown_files_only(store):
    known, unknown, fresh = [await store.put(name) for name in (b"known", b"unknown", b"fresh")]
    torn = store.path(known).with_name("tmpx.part")
    torn.write_bytes(b"half a pic")
    for path in (store.path(known), store.path(unknown), torn):
        os.utime(path, (OLD, OLD))

    removed = await store.sweep({known})

    assert sorted(removed) == sorted([f"{unknown}.png", "tmpx.part"])
    assert await store.exists(known)
    assert await store.exists(fresh)


async def test_a_picture_put_again_is_safe_from_the_sweep(store):
    sha256 = await store.put(b"a picture")
    os.utime(store.path(sha256), (OLD, OLD))

    await store.put(b"a picture")

    assert await store.sweep(set()) == []


@pytest.mark.parametrize("name", ["", "../../../etc/passwd", "AB" * 32, "ab" * 31])
async def test_what_is_no_hash_is_no_path(store, name):
    with pytest.raises(ValueError, match="SHA-256"):
        store.path(name)
