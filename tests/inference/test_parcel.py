"""The files that go along with an attempt, and those that come back."""

from dataclasses import replace

import pytest
from inference_kit import an_attempt

from inference.parcel import LIMIT, Delivery, Parcel, TooLarge
from inference.protocol import Done, Pixels


def a_picture(path):
    return Pixels(path=str(path), seed=0, width=1, height=1, fingerprint={}, seen=None)


def test_a_file_that_is_named_twice_travels_once(tmp_path):
    source = tmp_path / "a.png"
    source.write_bytes(b"a")
    attempt = replace(an_attempt(tmp_path, source=source), blended_paths=(str(source), str(source)))
    parcel = Parcel.pack(attempt)
    assert parcel.files == {str(source): b"a"}
    unpacked = parcel.unpack(tmp_path)
    assert (unpacked.source_path,) * 2 == unpacked.blended_paths
    assert unpacked.mask_path is None
    assert unpacked.request is attempt.request


def test_pictures_keep_their_order_and_names(tmp_path):
    for name in ("there", "here"):
        (tmp_path / name).mkdir()
    for number in (1, 0):
        (tmp_path / "there" / f"{number}.npy").write_bytes(bytes([number]))
    pictures = tuple(a_picture(tmp_path / "there" / f"{number}.npy") for number in (1, 0))
    done = Delivery.pack(Done(attempt_id="1", pictures=pictures, seconds=1.0)).unpack(tmp_path / "here")
    expected = [str(tmp_path / "here" / f"{number}.npy") for number in (1, 0)]
    assert [picture.path for picture in done.pictures] == expected
    assert (tmp_path / "here" / "1.npy").read_bytes() == b"\1"


def test_what_is_too_large_is_not_even_read(tmp_path):
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(LIMIT + 1)
    with pytest.raises(TooLarge):
        Parcel.pack(an_attempt(tmp_path, source=tmp_path / "huge.png"))
    with pytest.raises(TooLarge):
        Delivery.pack(Done(attempt_id="1", pictures=(a_picture(tmp_path / "huge.png"),), seconds=1.0))
