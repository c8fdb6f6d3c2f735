"""LoRAs and textual inversions: as diffusers' own pipelines add them, and nobody else's picture notices."""

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
import torch
from comparison import TOLERANCE, Pair, distance
from inference_kit import Bystander, a_checkpoint, a_request, an_attempt
from lora_kit import PIPELINES, make_lora
from safetensors.torch import save_file

from benchmarks._company import Company
from inference.checkpoints import Family
from inference.contract import CheckpointUnusable, Drawing, Unfeasible
from inference.engine.engine import DiffusersEngine
from inference.request import Adapters, Sampler

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # diffusers' schedulers meet NumPy 2.4

SETS: tuple[Adapters, ...] = ((("fish", 0.8),), (("fish", 0.8), ("sea", -0.5)), (("sea", 1.5),))


def make_all(folder: Path, family: Family) -> Path:
    """Make a checkpoint and two LoRAs; return these' folder."""
    tiny.make(folder / family, family)
    loras = folder / f"loras of {family}"
    for seed, name in enumerate(("fish", "sea")):
        make_lora(loras, folder / family, family, name, seed)
    return loras


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def loras(folder: Path) -> dict[Family, Path]:
    return {family: make_all(folder, family) for family in PIPELINES}


@pytest.fixture
def engine(folder: Path, loras: dict[Family, Path]) -> DiffusersEngine:
    checkpoint = a_checkpoint(folder / Family.SD1, adapters=loras[Family.SD1])
    return DiffusersEngine("cpu", {"tiny": checkpoint}, folder)


def draw(engine: DiffusersEngine, spool: Path, **values: Any) -> tuple[Drawing, np.ndarray]:
    drawing = engine.draw(an_attempt(spool, **values), Bystander())
    return drawing, np.load(drawing.pictures[0].path)


@pytest.mark.parametrize("adapters", SETS)
@pytest.mark.parametrize("family", PIPELINES)
@torch.inference_mode()
def test_latents_equal_those_of_the_pipeline(
    folder: Path, loras: dict[Family, Path], family: Family, adapters: Adapters
) -> None:
    pair = Pair(folder / family, PIPELINES[family], family, adapters=loras[family])
    request = a_request(sampler=Sampler.EULER, num_inference_steps=6, negative_prompt="blue", seed=3, adapters=adapters)
    plain, ours = pair.ours(request), pair.with_adapters(adapters).ours(request)
    for name, _ in adapters:
        pair.pipeline.load_lora_weights(loras[family] / f"{name}.safetensors", adapter_name=name)
    pair.pipeline.set_adapters(*map(list, zip(*adapters, strict=True)))

    assert distance(ours, pair.theirs(request)) < TOLERANCE
    assert distance(ours, plain) > 100 * TOLERANCE


@pytest.mark.parametrize("vectors", [1, 3])
@pytest.mark.parametrize("family", PIPELINES)
@torch.inference_mode()
def test_words_of_textual_inversions_are_read_as_the_pipeline_reads_them(
    folder: Path, tmp_path: Path, loras: dict[Family, Path], family: Family, vectors: int
) -> None:
    generator = torch.Generator().manual_seed(7)
    words = [torch.randn(vectors, tiny.TEXT_WIDTH, generator=generator) for _ in range(2)]
    keys = ("clip_l", "clip_g") if family is Family.SDXL else ("emb_params",)
    save_file(dict(zip(keys, words, strict=False)), tmp_path / "merry.safetensors")
    shutil.copy(loras[family] / "fish.safetensors", tmp_path)
    adapters: Adapters = (("fish", 0.8), ("merry", 1.0))
    pair = Pair(folder / family, PIPELINES[family], family, adapters=tmp_path)
    request = a_request(prompt="a merry circle", sampler=Sampler.EULER, seed=3, adapters=adapters)
    ours, unread = (pair.with_adapters(adapters[:count]).ours(request) for count in (2, 1))
    for suffix, word in zip(("", "_2")[: len(keys)], words, strict=False):
        parts = {name: getattr(pair.pipeline, name + suffix) for name in ("tokenizer", "text_encoder")}
        pair.pipeline.load_textual_inversion(word, token="merry", **parts)
    pair.pipeline.load_lora_weights(tmp_path / "fish.safetensors", adapter_name="fish")
    pair.pipeline.set_adapters(["fish"], [0.8])

    assert distance(ours, pair.theirs(request)) < TOLERANCE
    assert distance(ours, unread) > TOLERANCE


def test_nobody_notices_what_others_add(folder: Path, loras: dict[Family, Path]) -> None:
    checkpoint = a_checkpoint(folder / Family.SD1, native_side=64, adapters=loras[Family.SD1])
    company = Company(checkpoint.model_copy(update={"name": "tiny"}), folder, rows=8)
    requests = [
        a_request(width=64, height=64, seed=seed, num_inference_steps=3, adapters=adapters)
        for seed in (1, 2)
        for adapters in ((), *SETS)
    ]
    random.Random(1).shuffle(requests)
    solo = company.each_alone(requests)

    assert len({drawn.pixels[0].tobytes() for drawn in solo.values()}) == len(requests)
    assert company.disturbed(solo, 20, seed=6) == 0


def test_the_fingerprint_tells_them_and_their_files(engine: DiffusersEngine, tmp_path: Path) -> None:
    (plain, before), (added, _), (_, after) = (
        draw(engine, tmp_path / str(index), adapters=adapters) for index, adapters in enumerate(((), SETS[1], ()))
    )
    assert "adapters" not in plain.pictures[0].fingerprint
    told = added.pictures[0].fingerprint.pop("adapters").split(", ")
    assert [each.split()[:2] for each in told] == [["fish", "0.8"], ["sea", "-0.5"]]
    assert [len(each.split()[2]) for each in told] == [64, 64]
    assert added.pictures[0].fingerprint == plain.pictures[0].fingerprint
    assert np.array_equal(before, after)


def test_their_order_does_not_matter(engine: DiffusersEngine, tmp_path: Path) -> None:
    (one, first), (other, second) = (
        draw(engine, tmp_path / str(index), adapters=adapters)
        for index, adapters in enumerate((SETS[1], SETS[1][::-1]))
    )
    assert np.array_equal(first, second)
    assert one.pictures[0].fingerprint == other.pictures[0].fingerprint


def test_another_file_of_the_same_name_has_another_fingerprint(folder: Path, loras: dict[Family, Path], tmp_path: Path):
    own = Path(shutil.copytree(loras[Family.SD1], tmp_path / "loras"))
    told = []
    for name in ("fish", "sea"):
        shutil.copy(loras[Family.SD1] / f"{name}.safetensors", own / "fish.safetensors")
        engine = DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / Family.SD1, adapters=own)}, tmp_path)
        told.append(engine.load("tiny", SETS[0])["adapters"])
    assert told[0] != told[1]


def test_a_name_with_dots_is_one_like_any_other(folder: Path, loras: dict[Family, Path], tmp_path: Path) -> None:
    shutil.copy(loras[Family.SD1] / "fish.safetensors", tmp_path / "fish v1.5.safetensors")
    engine = DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / Family.SD1, adapters=tmp_path)}, folder)

    assert engine.load("tiny", (("fish v1.5", 0.8),))["adapters"].startswith("fish v1.5 0.8 ")


@pytest.mark.parametrize("name", ["bird", "../loras of sd1/fish", ""])
def test_an_adapter_that_nobody_has_is_unfeasible(engine: DiffusersEngine, tmp_path: Path, name: str) -> None:
    with pytest.raises(Unfeasible, match="no adapter called"):
        draw(engine, tmp_path, adapters=((name, 1.0),))


def test_a_checkpoint_without_a_folder_for_them_has_none(folder: Path, tmp_path: Path) -> None:
    engine = DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / Family.SD1)}, folder)
    with pytest.raises(Unfeasible, match="no adapter called fish"):
        draw(engine, tmp_path, adapters=SETS[0])


@pytest.mark.usefixtures("loras")  # which make the checkpoints beside them
def test_what_a_word_leaves_no_room_for_is_told(folder: Path, tmp_path: Path) -> None:
    save_file({"emb_params": torch.ones(3, tiny.TEXT_WIDTH)}, tmp_path / "merry.safetensors")
    engine = DiffusersEngine("cpu", {"tiny": a_checkpoint(folder / Family.SD1, adapters=tmp_path)}, folder)
    prompt = " ".join(["circle"] * 72 + ["merry", "blue", "house"])  # 75 words, but one stands for three
    drawing, _ = draw(engine, tmp_path, prompt=prompt, adapters=(("merry", 1.0),))
    assert drawing.truncated == "blue house"


def test_a_file_that_cannot_be_added_is_named(folder: Path, loras: dict[Family, Path], tmp_path: Path) -> None:
    checkpoint = a_checkpoint(folder / Family.SD1, adapters=loras[Family.SDXL])
    with pytest.raises(CheckpointUnusable, match=r'"tiny".*fish\.safetensors'):
        DiffusersEngine("cpu", {"tiny": checkpoint}, tmp_path).load("tiny", SETS[0])
