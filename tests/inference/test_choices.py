"""Values that several workers find out at once."""

import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from inference.choices import ChoiceFile

WORKERS, NAMES = 2, 40


def find_out(path: Path, worker: int) -> dict[str, int]:
    """Keep a value for a name of one's own and one for a name that all have, and so on."""
    choices = ChoiceFile(path)
    kept = {}
    for number in range(NAMES):
        kept[f"shared {number}"] = choices.keep(f"shared {number}", worker)
        kept[f"{worker} {number}"] = choices.keep(f"{worker} {number}", worker)
    return kept


def test_what_several_workers_find_out_is_all_kept_and_the_first_is_right(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "rows.json"
    with ProcessPoolExecutor(WORKERS, get_context("fork")) as pool:
        found = list(pool.map(find_out, [path] * WORKERS, range(WORKERS)))

    kept = json.loads(path.read_text())
    assert len(kept) == NAMES * (WORKERS + 1)
    assert all(values.items() <= kept.items() for values in found)
