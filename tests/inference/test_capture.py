"""Calls of the UNet that are compiled; recording them needs a GPU, on which it is tested too where there is one."""

import shutil
from pathlib import Path

import pytest
import torch

from benchmarks._architectures import SMALL
from benchmarks._checkpoints import make
from inference.engine.capture import Recorder, call
from inference.engine.fingerprint import make_deterministic
from inference.engine.loading import load
from inference.engine.press import keeps_apart, native_shape, sample_rows

WIDTH = 4
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("g++") is None, reason="the compiler of torch needs g++")
@torch.inference_mode()
def test_a_compiled_unet_answers_the_same_and_keeps_rows_apart(tmp_path: Path) -> None:
    make_deterministic()
    model = load(make(SMALL, tmp_path / "random", device=DEVICE), torch.device(DEVICE), tmp_path)
    rows = sample_rows(model, native_shape(model), WIDTH, seed=1)
    compiled = Recorder(tmp_path).compiled(model, rows)
    tolerance = 1e-4 if model.dtype is torch.float32 else 3e-2

    assert torch.allclose(compiled(rows), call(model, rows), atol=tolerance)
    assert keeps_apart(model, native_shape(model), WIDTH, compiled)
    assert any((tmp_path / "compiled").iterdir())


@pytest.mark.skipif(DEVICE == "cpu", reason="recording needs a GPU")
@torch.inference_mode()
def test_a_recorded_call_gives_the_bits_of_the_call(tmp_path: Path) -> None:
    make_deterministic()
    model = load(make(SMALL, tmp_path / "random", device=DEVICE), torch.device(DEVICE), tmp_path)
    first, second = (sample_rows(model, native_shape(model), WIDTH, seed=seed) for seed in (1, 2))
    recorded = Recorder(tmp_path).eager(model, first)
    answer = recorded(first)

    assert torch.equal(recorded(second), call(model, second))
    assert torch.equal(answer, call(model, first))
