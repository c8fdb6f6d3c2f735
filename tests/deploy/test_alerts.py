"""The alerts as Prometheus' own tool plays them: which of them fire, and when, from what a bot tells by the minute."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from config.settings import ROOT

RULES = ROOT / "deploy" / "prometheus" / "imagine-rules.yml"
UP = 'up{job="imagine"}'
DRAWS, DRAWS_TOO = (f'imagine_worker_state{{state="ready",worker="node-{number}"}}' for number in (1, 2))
ON, OFF = (f'imagine_gateway_connected{{shard="{number}"}}' for number in (0, 1))
PROMTOOL = shutil.which("promtool")

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not there; Prometheus brings it")


def firing(folder: Path, series: dict[str, str], minute: int, *, alerts: set[str]) -> None:
    """Fail unless these alerts, and no others, fire in that minute; series are in promtool's notation."""
    samples = [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in sorted(alerts)]
    expected = {
        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
        "eval_time": f"{minute}m",
        "exp_samples": samples,
    }
    told = [{"series": name, "values": values} for name, values in series.items()]
    test = {"interval": "1m", "input_series": told, "promql_expr_test": [expected]}
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": [test]}))
    assert PROMTOOL is not None
    ran = subprocess.run([PROMTOOL, "test", "rules", file], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_bot_that_has_no_workers_at_all_draws_nothing(tmp_path: Path) -> None:
    firing(tmp_path, {UP: "1x30", ON: "1x30"}, 15, alerts={"ImagineNothingDraws"})


def test_a_bot_that_has_not_logged_in_yet_and_never_does_is_disconnected(tmp_path: Path) -> None:
    firing(tmp_path, {UP: "1x30", DRAWS: "1x30"}, 10, alerts={"ImagineDisconnected"})


def test_where_no_bot_answers_that_is_said_and_nothing_of_its_workers(tmp_path: Path) -> None:
    firing(tmp_path, {UP: "0x30"}, 15, alerts={"ImagineDown"})


def test_workers_that_are_all_restarting_draw_nothing(tmp_path: Path) -> None:
    firing(tmp_path, {UP: "1x30", ON: "1x30", DRAWS: "0x30"}, 15, alerts={"ImagineNothingDraws"})


def test_one_ready_worker_of_two_is_looked_at(tmp_path: Path) -> None:
    lost = {UP: "1x120", ON: "1x120", DRAWS: "1x120", DRAWS_TOO: "1x30 stale"}

    firing(tmp_path, lost, 30, alerts=set())
    firing(tmp_path, lost, 70, alerts={"ImagineFewerWorkers"})


def test_a_store_of_pictures_that_stays_away_wakes_somebody(tmp_path: Path) -> None:
    away = {UP: "1x30", ON: "1x30", DRAWS: "1x30", "imagine_pictures_up": "1 0x1 1x10 0x20"}

    firing(tmp_path, away, 11, alerts=set())
    firing(tmp_path, away, 20, alerts={"ImaginePicturesAway"})


def test_one_lost_shard_of_two_is_looked_at(tmp_path: Path) -> None:
    lost = {UP: "1x30", DRAWS: "1x30", ON: "1x30", OFF: "1x5 0x25"}

    firing(tmp_path, lost, 10, alerts=set())
    firing(tmp_path, lost, 20, alerts={"ImagineShardAway"})


def test_what_was_served_out_of_turn_is_unfair_only_beyond_what_the_settings_allow(tmp_path: Path) -> None:
    bot = {UP: "1x60", ON: "1x60", DRAWS: "1x60", "imagine_largest_job_seconds": "8x60"}
    lead = {"imagine_share_lead_seconds": "50x60"}

    firing(tmp_path, bot | lead | {"imagine_share_slack_seconds": "20x60"}, 40, alerts=set())
    firing(tmp_path, bot | lead | {"imagine_share_slack_seconds": "5x60"}, 40, alerts={"ImagineUnfair"})
