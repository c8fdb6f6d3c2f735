"""What is known of LoRAs and textual inversions without loading them."""

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from hypothesis import given
from hypothesis import strategies as st
from inference_kit import a_checkpoint
from lora_kit import make_lora
from safetensors.torch import load_file, save_file

from inference.adapter_files import AdapterFile, Unreadable, read_adapter, read_adapters, read_header
from inference.checkpoints import Family
from inference.contract import Unfeasible
from inference.engine.adapters import find

LORA = {"lora_unet.down": torch.zeros(1)}


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lora")
    tiny.make(folder / "sd1", Family.SD1)
    make_lora(folder, folder / "sd1", Family.SD1, "fish", 0)
    return folder / "fish.safetensors"


def test_a_real_lora_is_read_with_what_its_trainer_wrote(lora: Path, tmp_path: Path) -> None:
    tags = {"10_fish": {"merfish": 20, " scales": 3}, "5_more": {"scales": 4, "merfish": 5}}
    metadata = {"modelspec.title": "A fish", "ss_tag_frequency": json.dumps(tags)}
    save_file(load_file(lora), tmp_path / "fish.safetensors", metadata)

    assert read_adapter(tmp_path / "fish.safetensors") == AdapterFile(
        name="fish", title="A fish", words=("merfish",), weight=1.0
    )
    assert read_adapter(lora) == AdapterFile(name="fish", title="fish", words=(), weight=1.0)


def test_a_textual_inversion_is_a_word_itself(tmp_path: Path) -> None:
    save_file({"emb_params": torch.ones(1, 8)}, tmp_path / "merry.safetensors")

    assert read_adapters(tmp_path)["merry"].words == ("merry",)


def test_a_trigger_phrase_goes_before_counted_tags(tmp_path: Path) -> None:
    metadata = {"modelspec.trigger_phrase": "sks style, ink", "ss_tag_frequency": '{"x": {"dog": 9}}'}
    save_file(LORA, tmp_path / "a.safetensors", metadata)

    assert read_adapter(tmp_path / "a.safetensors").words == ("sks style", "ink")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.toml", 'title = "Ink"\ntrigger_words = ["inky", "wash"]\nweight = 0.6\n'),
        ("a.json", '{"title": "Ink", "activation text": "inky, wash", "preferred weight": 0.6}'),
    ],
)
def test_the_notes_beside_it_are_believed_first(tmp_path: Path, file: str, text: str) -> None:
    save_file(LORA, tmp_path / "a.safetensors", {"modelspec.trigger_phrase": "sks"})
    (tmp_path / file).write_text(text)

    assert read_adapter(tmp_path / "a.safetensors") == AdapterFile(
        name="a", title="Ink", words=("inky", "wash"), weight=0.6
    )


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"title = ", b"[" * 100_000, b'trigger_words = 5\nweight = "much"\ntitle = []']
)
def test_notes_that_cannot_be_read_cost_nothing_but_themselves(tmp_path: Path, text: bytes) -> None:
    save_file(LORA, tmp_path / "a.safetensors")
    (tmp_path / "a.toml").write_bytes(text)

    assert read_adapters(tmp_path)["a"].weight == 1.0


@pytest.mark.parametrize(("told", "weight"), [("0", 0.0), ("-1.5", -1.5), ("nan", 1.0), ("9", 1.0)])
def test_a_strength_that_nobody_may_ask_for_is_not_suggested(tmp_path: Path, told: str, weight: float) -> None:
    save_file(LORA, tmp_path / "a.safetensors")
    (tmp_path / "a.toml").write_text(f"weight = {told}\n")

    assert read_adapters(tmp_path)["a"].weight == weight


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"short",
        struct.pack("<Q", 0),
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 1 << 40) + b"{}",
        struct.pack("<Q", 5) + b"[1,2]",
        struct.pack("<Q", 4) + b"\xff\xff\xff\xff",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
    ],
)
def test_what_is_no_safetensors_file_is_left_out(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.safetensors").write_bytes(data)
    save_file(LORA, tmp_path / "good.safetensors")

    save_file(LORA, tmp_path / "a,b.safetensors")

    assert list(read_adapters(tmp_path)) == ["good"]


def written(header: object) -> bytes:
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data


@given(st.binary(max_size=64) | st.dictionaries(st.text(), st.text() | st.integers() | st.none()).map(written))
def test_any_bytes_are_read_or_unreadable(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.safetensors"
    path.write_bytes(data)
    try:
        read_adapter(path)
    except Unreadable:
        with pytest.raises(Unreadable):
            read_header(path)


def test_the_bot_reads_them_without_torch(lora: Path) -> None:
    code = (
        f"import sys; from pathlib import Path; from inference.adapter_files import read_adapters\n"
        f"assert 'fish' in read_adapters(Path({str(lora.parent)!r})); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_whatever_is_offered_the_engine_finds(lora: Path) -> None:
    checkpoint = a_checkpoint(lora.parent / "sd1", adapters=lora.parent)
    offered = read_adapters(lora.parent)

    assert list(find(checkpoint, tuple((name, 1.0) for name in offered))) == list(offered)
    with pytest.raises(Unfeasible):
        find(checkpoint, (("bird", 1.0),))
