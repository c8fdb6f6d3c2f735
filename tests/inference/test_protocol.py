import asyncio
import string

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.protocol import (
    FRAME_LIMIT,
    LENGTH,
    MESSAGES,
    Attempt,
    BadFrame,
    Cancel,
    Choice,
    Chosen,
    Counts,
    Done,
    Failed,
    FailureKind,
    Holds,
    Message,
    Ping,
    Pixels,
    Pong,
    Preview,
    Progress,
    Ready,
    Run,
    Started,
    Unusable,
    encode,
)
from inference.request import Blended, ImageRequest, Sampler, Task, Variation
from inference.window import Window

ids = st.text(string.ascii_letters, min_size=1)
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)
counts = st.integers(0, 2**40)
fingerprints = st.dictionaries(st.text(), st.text(), max_size=3)
edges, seeds = st.integers(-4096, 4096), st.integers(0, 2**32 - 1)
loras = st.dictionaries(st.text(), st.floats(-2, 2), max_size=4).map(lambda each: tuple(each.items()))
requests = st.builds(
    ImageRequest,
    task=st.sampled_from(Task),
    checkpoint=st.text(),
    prompt=words,
    negative_prompt=words,
    seed=seeds,
    width=st.integers(8, 512).map(lambda side: side * 8),
    height=st.integers(8, 512).map(lambda side: side * 8),
    num_inference_steps=st.integers(1, 150),
    guidance_scale=st.floats(0, 30),
    sampler=st.sampled_from(Sampler),
    count=st.integers(1, 4),
    source=st.text(),
    mask=st.text(),
    strength=st.floats(0, 1),
    factor=st.sampled_from((2, 4)),
    window=st.builds(Window, left=edges, top=edges, width=st.integers(1, 4096), height=st.integers(1, 4096)),
    blended=st.lists(st.builds(Blended, source=st.text(), prompt=words), min_size=2, max_size=4).map(tuple),
    variations=st.lists(st.builds(Variation, seed=seeds, strength=st.floats(0, 1)), max_size=3).map(tuple),
    adapters=loras,
)
paths = st.none() | st.text()
attempts = st.builds(Attempt, id=ids, request=requests, source_path=paths, mask_path=paths, spool=st.text())
seen = st.none() | st.dictionaries(st.text(), st.floats(allow_nan=False), max_size=3)
pictures = st.builds(
    Pixels, path=st.text(), seed=counts, width=counts, height=counts, seen=seen, fingerprint=fingerprints
)
messages = st.one_of(
    st.builds(Run, attempt=attempts),
    st.builds(Cancel, attempt_id=ids),
    st.builds(Ping),
    st.builds(Chosen, value=st.none() | counts),
    st.builds(Ready, fingerprint=fingerprints, memory=st.none() | counts),
    st.builds(
        Holds,
        warm=st.lists(st.tuples(st.text(), loras), max_size=3).map(tuple),
        fingerprints=st.dictionaries(st.text(), fingerprints, max_size=3),
    ),
    st.builds(Choice, name=st.text(), value=st.none() | counts),
    st.builds(Unusable, problem=st.text()),
    st.builds(
        Pong, steps=counts, loading=st.booleans(), counts=st.builds(Counts, rows_called=counts, graphs_made=counts)
    ),
    st.builds(Started, attempt_id=ids),
    st.builds(Progress, attempt_id=ids, step=counts, of=counts),
    st.builds(Preview, attempt_id=ids, jpeg=st.binary()),
    st.builds(
        Done,
        attempt_id=ids,
        pictures=st.lists(pictures, max_size=4).map(tuple),
        seconds=st.floats(0, 1e6),
        truncated=st.text(),
    ),
    st.builds(Failed, attempt_id=ids, kind=st.sampled_from(FailureKind), detail=st.text()),
)


def reader_of(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


@given(messages)
def test_a_message_comes_back_as_it_was(message: Message):
    assert MESSAGES.decode(encode(message)[LENGTH.size :]) == message


@given(st.binary(max_size=100))
def test_foreign_bytes_are_refused_with_bad_frame_only(body: bytes):
    with pytest.raises(BadFrame):
        MESSAGES.decode(body)


@pytest.mark.parametrize(
    "content",
    [
        ["Nothing", {}],
        ["Run", {}],
        ["Cancel", {"attempt_id": 1}],
        ["Failed", {"attempt_id": "1", "kind": "boredom", "detail": ""}],
        [["Ping"], {}],
        ["Ping"],
        3,
    ],
)
def test_what_is_no_message_is_refused(content: object):
    with pytest.raises(BadFrame):
        MESSAGES.decode(msgpack.packb(content))


def test_a_request_out_of_bounds_is_refused_on_the_wire_too():
    fields = msgpack.unpackb(encode(Run(attempt=_attempt()))[LENGTH.size :])[1]
    fields["attempt"]["request"]["width"] = 100
    with pytest.raises(BadFrame, match="multiple of 8"):
        MESSAGES.decode(msgpack.packb(["Run", fields]))


def test_a_message_over_the_limit_is_not_sent():
    with pytest.raises(BadFrame, match="Preview"):
        encode(Preview(attempt_id="1", jpeg=b"\0" * FRAME_LIMIT))


async def test_a_frame_over_the_limit_is_not_read():
    with pytest.raises(BadFrame, match="is the most"):
        await MESSAGES.receive(reader_of(LENGTH.pack(FRAME_LIMIT + 1)))


async def test_frames_are_told_apart_in_a_stream():
    reader = reader_of(encode(Ping()) + encode(Cancel(attempt_id="1")))
    assert [await MESSAGES.receive(reader), await MESSAGES.receive(reader)] == [Ping(), Cancel(attempt_id="1")]


async def test_a_stream_that_ends_within_a_frame_is_the_end():
    with pytest.raises(EOFError):
        await MESSAGES.receive(reader_of(encode(Ping())[:-1]))


def _attempt() -> Attempt:
    request = ImageRequest(
        checkpoint="tiny",
        prompt="",
        seed=0,
        width=64,
        height=64,
        num_inference_steps=1,
        guidance_scale=1,
        sampler=Sampler.DDIM,
    )
    return Attempt(id="1", request=request, source_path=None, spool="/")
