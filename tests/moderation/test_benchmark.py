"""The benchmark judges any folder of labelled prompts and repeats none of them."""

import json
from pathlib import Path

import pytest

from benchmarks.moderation import judge


def test_shares_are_told_per_label_and_category_without_a_prompt(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        "prompt,label,category\na red fox,benign,animals\n"
        '"a nude, reclining",unsafe,sexual\na blue fox,unsafe,animals\n'
    )
    (tmp_path / "plain.csv").write_text("prompt\na green fox\n")

    result = judge(tmp_path, age_restricted=False)

    unsafe = result["files"]["mine"]["unsafe"]
    assert (unsafe["prompts"], unsafe["flagged"], unsafe["by"]) == (2, 1, {"nudity": 1})
    assert unsafe["categories"]["sexual"]["share"] == 1
    assert result["files"]["mine"]["benign"]["flagged"] == 0
    assert result["files"]["plain"]["unlabelled"]["prompts"] == 1
    assert 0 < result["processor_milliseconds"]["p50"] <= result["processor_milliseconds"]["p99"]
    assert "fox" not in json.dumps(result)


def test_a_file_without_prompts_is_named(tmp_path: Path) -> None:
    (tmp_path / "wrong.csv").write_text("text\nfox\n")

    with pytest.raises(ValueError, match=r"wrong\.csv"):
        judge(tmp_path, age_restricted=False)
