"""How well does the prompt check judge prompts that somebody has labelled, and how fast?

Reads every CSV file of a folder: column `prompt`, and where there are any `label` ("benign" or "unsafe") and
`category`. For a file without labels only the flagged share is told. No prompt is printed.
"""

import argparse
import csv
import json
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from moderation import Decision, check_prompt, default_policy

UNLABELLED = "unlabelled"


class Row(NamedTuple):
    """One labelled prompt."""

    file: str
    label: str
    category: str
    prompt: str


def rows(folder: Path) -> Iterator[Row]:
    """Yield the prompts of every CSV file in the folder. Raises ValueError for a file without the column prompt."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if "prompt" not in (reader.fieldnames or ()):
                raise ValueError(f"{path.name} has no column named prompt")
            for row in reader:
                yield Row(path.stem, row.get("label") or UNLABELLED, row.get("category") or "", row["prompt"])


def judge(folder: Path, *, age_restricted: bool) -> dict[str, Any]:
    """Return flagged shares per file, label and category, by which clause or rule, and the time of a check in ms.

    Beside other work the processor's time says more than the wall's.
    """
    # One thread, as in the bot's own process for checks; it counts until numpy is first imported, by the first check.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    check_prompt("warm up")
    totals: Counter[Row] = Counter()
    flagged: dict[Row, Counter[str]] = defaultdict(Counter)
    wall: list[float] = []
    processor: list[float] = []
    for row in rows(folder):
        start, busy = time.perf_counter(), time.process_time()
        decision = check_prompt(row.prompt, age_restricted=age_restricted)
        wall.append(1000 * (time.perf_counter() - start))
        processor.append(1000 * (time.process_time() - busy))
        key = row._replace(prompt="")
        totals[key] += 1
        if not decision.allowed:
            flagged[key][_by(decision)] += 1
    return {
        "question": "what share of labelled prompts does the prompt check flag, and how long does it take?",
        "policy": default_policy().version,
        "age_restricted": age_restricted,
        "prompts": len(wall),
        "milliseconds": _quantiles(wall),
        "processor_milliseconds": _quantiles(processor),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "files": _summary(totals, flagged),
    }


def _by(decision: Decision) -> str:
    return decision.label or "check failed"


def _quantiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {f"p{q}": round(ordered[min(len(ordered) - 1, len(ordered) * q // 100)], 2) for q in (50, 95, 99) if ordered}


def _summary(totals: Counter[Row], flagged: dict[Row, Counter[str]]) -> dict[str, Any]:
    files: dict[str, Any] = {}
    for file, label in sorted({(key.file, key.label) for key in totals}):
        keys = sorted(key for key in totals if (key.file, key.label) == (file, label))
        whole = _share(sum(totals[key] for key in keys), sum((flagged[key] for key in keys), Counter()))
        categories = {key.category: _share(totals[key], flagged[key]) for key in keys if key.category}
        files.setdefault(file, {})[label] = whole | ({"categories": categories} if categories else {})
    return files


def _share(total: int, by: Counter[str]) -> dict[str, Any]:
    return {
        "prompts": total,
        "flagged": by.total(),
        "share": round(by.total() / total, 4),
        "by": dict(by.most_common()),
    }


def _table(result: dict[str, Any]) -> str:
    lines = [
        f"policy {result['policy']}, {result['prompts']} prompts, ms {result['milliseconds']}, "
        f"of the processor {result['processor_milliseconds']}, {result['megabytes']} MB"
    ]
    for file, labels in result["files"].items():
        for label, whole in labels.items():
            lines.append(f"{file:24} {label:10} {whole['flagged']:5} of {whole['prompts']:5} {whole['share']:7.2%}")
            lines += [
                f"  {category:33} {each['flagged']:5} of {each['prompts']:5} {each['share']:7.2%}"
                for category, each in whole.get("categories", {}).items()
            ]
    return "\n".join(lines)


def main() -> None:
    """Judge the folder that is named, or say how to name one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="a folder of CSV files: prompt[,label[,category]]")
    parser.add_argument("--age-restricted", action="store_true", help="judge as for an age-restricted channel")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    if arguments.data is None:
        skipped = {"question": "the prompt check on labelled prompts", "skipped": "no --data folder named"}
        print(json.dumps(skipped) if arguments.json else skipped["skipped"])
        return
    if not arguments.data.is_dir():
        sys.exit(f"{arguments.data} is no folder")
    result = judge(arguments.data, age_restricted=arguments.age_restricted)
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


if __name__ == "__main__":
    main()
