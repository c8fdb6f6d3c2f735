"""The dashboard and the alerts ask for what the bot tells, and for nothing else."""

import json
import re
from collections.abc import Iterator

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from snapshots import WELL

from config.settings import ROOT, Observing
from observing.gauges import Gauges
from observing.metrics import Metrics

DASHBOARD = ROOT / "deploy" / "grafana" / "imagine.json"
RULES = ROOT / "deploy" / "prometheus" / "imagine-rules.yml"
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
SELECTOR = re.compile(r"\b((?:imagine|process)_\w+|up)\b(?:\{([^}]*)\})?")
GROUPING = re.compile(r"\bby \(([^)]*)\)")
OF_PROMETHEUS = {"job", "instance"}


@pytest.fixture(scope="module")
def told() -> dict[str, set[str]]:
    """Every metric that the bot tells, with the names of its labels."""
    metrics, gauges = Metrics(), Gauges()
    gauges.snapshot = WELL
    metrics.registry.register(gauges)
    metrics.started(1.0)
    metrics.attempted("drawn", 1, 1.0, 1)
    metrics.refused("e")
    metrics.delivered(1.0)
    found: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(generate_latest(metrics.registry).decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[dict]:
    return [each for each in json.loads(DASHBOARD.read_text())["panels"] if each["type"] != "row"]


def rules() -> list[dict]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]] + [rule["expr"] for rule in rules()]


def labels_asked_for(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric of an expression with the labels by which it is chosen."""
    for name, chosen in SELECTOR.findall(expression):
        yield name, {part.split("=")[0].rstrip("!").strip() for part in chosen.split(",") if part}


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_asks_for_metrics_and_labels_that_there_are(told: dict[str, set[str]], expression: str) -> None:
    asked = list(labels_asked_for(expression))

    assert asked, "it asks for nothing of ours"
    for name, labels in asked:
        assert name in told
        assert labels <= told[name] | OF_PROMETHEUS
    grouped = {label.strip() for group in GROUPING.findall(expression) for label in group.split(",")}
    assert grouped <= set.union(*(told[name] for name, _ in asked)) | OF_PROMETHEUS


def test_a_legend_names_labels_that_its_expression_keeps(told: dict[str, set[str]]) -> None:
    for panel in panels():
        for target in panel["targets"]:
            names = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            kept = set.union(*(told[name] for name, _ in labels_asked_for(target["expr"])))
            grouped = GROUPING.findall(target["expr"])
            assert names <= ({label.strip() for label in grouped[0].split(",")} if grouped else kept)


def test_everything_that_the_bot_tells_is_shown(told: dict[str, set[str]]) -> None:
    shown = {name for expression in expressions() for name, _ in labels_asked_for(expression)}
    ours = {name.removesuffix("_created") for name in told if name.startswith("imagine_")}
    bases = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in ours}

    assert {base for base in bases if not any(name.startswith(base) for name in shown)} == {"imagine_waiting_pictures"}


def test_panels_lie_side_by_side_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
    assert all(panel["title"] and panel["description"] for panel in panels())
    identifiers = [panel["id"] for panel in json.loads(DASHBOARD.read_text())["panels"]]
    assert len(set(identifiers)) == len(identifiers)


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "look")


def test_prometheus_asks_where_the_bot_listens_by_default() -> None:
    (scrape,) = yaml.safe_load(PROMETHEUS.read_text())["scrape_configs"]

    ports = {target.partition(":")[2] for target in scrape["static_configs"][0]["targets"]}
    assert ports == {str(Observing().port)}
    assert all((PROMETHEUS.parent / file).exists() for file in yaml.safe_load(PROMETHEUS.read_text())["rule_files"])
