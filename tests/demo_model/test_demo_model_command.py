"""The command line, as a process of its own."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

from config.settings import ROOT


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "demo_model", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_world_can_be_looked_at(tmp_path: Path) -> None:
    done = run("world", str(tmp_path / "sheet.png"), "--pictures", "3", "--seed", "0")

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert Image.open(tmp_path / "sheet.png").height == 272


def test_training_without_an_end_is_refused(tmp_path: Path) -> None:
    done = run("train", "--out", str(tmp_path))

    assert done.returncode == 2
    assert "--minutes" in done.stderr
