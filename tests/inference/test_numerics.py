"""The settings that decide a picture's bits: where they hold, and where they are told."""

import pytest
import tiny
import torch
from inference_kit import a_checkpoint, an_attempt, run, running, until
from telling import FLAGS

from bot.replies import verdict_text
from inference.engine.fingerprint import fingerprint, make_deterministic
from inference.executor import WorkerState
from inference.numerics import NUMERICS
from inference.protocol import Done
from inference.supervisor import Patience
from jobs.reproduction import Likeness, Verdict, compare

CPU = torch.device("cpu")


async def test_they_hold_in_the_worker_whatever_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":0:0")
    tiny.make(tmp_path / "tiny")
    checkpoint, patience = a_checkpoint(tmp_path / "tiny"), Patience(load=100)
    async with running(tmp_path, checkpoint, engine="tests.telling:TellingEngine", patience=patience) as executor:
        told = (await until(executor, WorkerState.READY)).fingerprint
        done = (await run(executor, an_attempt(tmp_path / "spool", num_inference_steps=1)))[-1]

    assert {name: told[name] for name in NUMERICS} == NUMERICS
    assert {name: told[name] for name in FLAGS} == dict.fromkeys(FLAGS, "False")
    assert told["attention"] == "flash, plain"
    assert isinstance(done, Done)
    assert done.pictures[0].fingerprint["attention"] == "flash, plain"


def test_the_fingerprint_tells_another_attention():
    make_deterministic()
    before = fingerprint(CPU, torch.float32, "")
    torch.backends.cuda.enable_flash_sdp(False)
    try:
        now = fingerprint(CPU, torch.float32, "")
    finally:
        torch.backends.cuda.enable_flash_sdp(True)

    assert {name for name in before if before[name] != now[name]} == {"attention"}
    assert now["attention"] == "plain"


@pytest.mark.parametrize("part", ["attention", "cublas", "torch"])
def test_a_changed_part_is_named_to_who_reproduces(part):
    both = b"the same", b"the same"
    before = {"attention": "flash", "cublas": ":4096:8 32768", "torch": "2.13.0"}
    changed, same = compare(*both, before, before | {part: "another"}), compare(*both, before, before)

    assert changed == Verdict(Likeness.IDENTICAL, None, (part,))
    assert part in verdict_text(changed, "en")
    assert part not in verdict_text(same, "en")
