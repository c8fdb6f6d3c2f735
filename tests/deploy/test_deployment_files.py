"""The files of deploy/ and the guides agree with the code: settings, ports, versions, what goes into the image."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.settings import DEFAULTS, ROOT, Settings

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
EXAMPLE = (DEPLOY / ".env.example").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
GUIDES = [ROOT / "docs" / "deploying.md", ROOT / "docs" / "security.md"]
CONFIGURING = [DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", DEPLOY / ".env.example", *UNITS, *GUIDES]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DRAIN_SECONDS = 15  # docs/operating.md: the process is gone within so many seconds


def model_of(field: FieldInfo) -> type[BaseModel] | None:
    """Return the table that a setting is, if it is one."""
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def is_setting(path: list[str]) -> bool:
    """Say whether there is a setting of that name, table by table."""
    model: type[BaseModel] | None = Settings
    for name in path:
        if model is None or name not in model.model_fields:
            return False
        model = model_of(model.model_fields[name])
    return True


@pytest.mark.parametrize("file", CONFIGURING, ids=lambda file: file.name)
def test_every_setting_that_is_named_exists(file: Path) -> None:
    named = re.findall(r"\bIMAGINE_([A-Z0-9]+(?:_+[A-Z0-9]+)*)\b", file.read_text(encoding="utf-8"))
    paths = [name.lower().split("__") for name in named]

    assert [path for path in paths if not is_setting(path)] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_every_setting_of_the_guides_examples_exists(guide: Path) -> None:
    examples = re.findall(r"```toml\n(.*?)```", guide.read_text(encoding="utf-8").replace("\n   ", "\n"), re.DOTALL)
    for example in examples:
        told = tomllib.loads(example)
        paths = [[table, name] for table, names in told.items() if isinstance(names, dict) for name in names]
        paths += [[name] for name in told]

        assert [path for path in paths if not is_setting(path)] == []


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_every_file_that_the_guides_link_to_exists(guide: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", guide.read_text(encoding="utf-8"))

    assert [link for link in links if not (guide.parent / link).exists()] == []


def test_the_health_check_asks_the_port_on_which_the_bot_answers() -> None:
    port = re.search(r"IMAGINE_OBSERVING__PORT=(\d+)", DOCKERFILE)

    assert port is not None
    assert f"EXPOSE {port[1]}\n" in DOCKERFILE
    assert f"http://127.0.0.1:{port[1]}/health" in DOCKERFILE
    assert f"IMAGINE_OBSERVING__PORT={port[1]}\n" in (DEPLOY / "systemd" / "imagine-bot.service").read_text()


def test_the_image_holds_all_that_the_bot_runs_on_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    packages = {name.removesuffix("*") for name in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    modules = {f"{name}.py" for name in PROJECT["tool"]["setuptools"]["py-modules"]}

    assert lines[1] == "*"
    assert packages - {"benchmarks"} | modules <= let_in
    assert let_in - packages - modules == {"pyproject.toml", "requirements.lock", "LICENSE"}


def test_the_image_runs_on_a_python_that_the_project_takes_and_every_base_has_a_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    images = [service["image"] for service in COMPOSE["services"].values() if "build" not in service]
    least = tuple(map(int, PROJECT["project"]["requires-python"].removeprefix(">=").split(".")))

    for base in bases:
        version = re.fullmatch(r"python:(\d+)\.(\d+)\.\d+-slim-\w+", base)
        assert version is not None
        assert (int(version[1]), int(version[2])) >= least
    assert all(re.search(r":v?\d+\.\d+", image) for image in images)


def test_compose_asks_for_every_secret_and_the_example_names_each_without_a_value() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    needed = set(re.findall(r"\$\{(\w+):\?", text))
    named = dict(re.findall(r"^#? ?([A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))

    assert needed == {"DISCORD_TOKEN", "IMAGINE_KEY", "PGPASSWORD", "GRAFANA_PASSWORD"}
    assert needed <= named.keys()
    assert [name for name in needed | {"AWS_SECRET_ACCESS_KEY", "HF_TOKEN"} if named[name]] == []
    assert set(re.findall(r"\$\{(\w+)", text)) - {"IMAGE_TAG", "IMAGINE_STANDBY"} <= named.keys()


def test_no_password_is_known_to_who_has_read_the_compose_file() -> None:
    passwords = [
        value
        for service in COMPOSE["services"].values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name and value
    ]

    assert passwords
    assert [each for each in passwords if ":?" not in each] == []


def variables_of(service: dict[str, Any], told: dict[str, str]) -> dict[str, str]:
    """Return a container's environment as compose makes it of a .env file: `environment` wins over `env_file`."""
    filled = {
        name: re.sub(r"\$\{(\w+)(?::[-?]([^}]*))?\}", lambda found: told.get(found[1]) or found[2], value)
        for name, value in service["environment"].items()
    }
    return (told if service["env_file"] == ".env" else {}) | filled


@pytest.mark.parametrize("service", ["bot", "standby"])
def test_whatever_the_guides_name_reaches_the_bot_and_graphs_keep_their_password(service: str) -> None:
    operating = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    texts = [EXAMPLE, operating, *(guide.read_text(encoding="utf-8") for guide in GUIDES)]
    named = {
        name for text in texts for name in re.findall(r"\b(?:IMAGINE|PG|AWS|HF|DISCORD)_?[A-Z0-9_]*[A-Z0-9]\b", text)
    }
    named -= {"HF_HOME", "IMAGINE_DATA"}  # volumes are mounted there
    told = dict.fromkeys(named, "told") | {"GRAFANA_PASSWORD": "secret"}
    given = variables_of(COMPOSE["services"][service], told)

    assert {"PGSSLMODE", "PGSSLROOTCERT", "AWS_SESSION_TOKEN", "HF_TOKEN", "IMAGINE_DEVICES", "IMAGINE_LOGS"} <= named
    assert {name for name in named if given.get(name) != "told"} == set()
    assert "secret" not in given.values()


def test_a_database_elsewhere_needs_none_of_composes_own() -> None:
    waits_for = COMPOSE["x-bot"]["depends_on"]["database"]

    assert COMPOSE["services"]["database"]["profiles"] == ["database"]
    assert waits_for == {"condition": "service_healthy", "required": False}
    assert "\nCOMPOSE_PROFILES=database\n" in EXAMPLE


def test_make_setup_installs_what_the_guides_say_it_does() -> None:
    locked = set((ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines())
    extras = PROJECT["project"]["optional-dependencies"]

    assert {*extras["s3"], *extras["ray"]} <= locked


def test_the_file_with_the_secrets_is_never_committed() -> None:
    ignored = subprocess.run(["git", "check-ignore", "deploy/.env"], cwd=ROOT, capture_output=True, timeout=10)
    example = subprocess.run(["git", "check-ignore", "deploy/.env.example"], cwd=ROOT, capture_output=True, timeout=10)

    assert (ignored.returncode, example.returncode) == (0, 1)


def test_compose_publishes_nothing_beyond_this_machine() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_a_bot_and_its_standby_differ_in_nothing_but_their_data() -> None:
    bot, standby = COMPOSE["services"]["bot"], COMPOSE["services"]["standby"]
    volumes = [volume.replace("standby-", "") for volume in standby["volumes"]]

    assert {**standby, "volumes": volumes} == {**bot, "profiles": ["standby"]}
    assert set(bot["volumes"]) - set(standby["volumes"]) == {"data:/data"}
    assert variables_of(bot, {})["IMAGINE_STANDBY"] == "true"


def test_who_stops_the_bot_waits_until_it_has_drained() -> None:
    unit = (DEPLOY / "systemd" / "imagine-bot.service").read_text(encoding="utf-8")
    patience = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    drain = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))["times"]["drain"]

    assert patience is not None
    assert int(patience[1]) > DRAIN_SECONDS > drain
    assert int(COMPOSE["x-bot"]["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS


def test_the_guides_doctor_sees_what_the_service_sees() -> None:
    unit = (DEPLOY / "systemd" / "imagine-bot.service").read_text(encoding="utf-8")
    command = re.search(r"^systemd-run .*?doctor$", GUIDES[0].read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    given = re.findall(r"^(?:Environment=((?:IMAGINE|HF)\S+)|(EnvironmentFile=\S+))$", unit, re.MULTILINE)
    user, folder = (re.search(rf"^{name}=(\S+)$", unit, re.MULTILINE) for name in ("User", "WorkingDirectory"))

    assert command is not None
    assert user is not None
    assert folder is not None
    assert set(re.findall(r"-[Ep] (\S+)", command[0])) == {variable or file for variable, file in given}
    assert f"--uid={user[1]} --working-directory={folder[1]} " in command[0]
    assert f"{folder[1]}/.venv/bin/python run_bot.py doctor" in command[0]


def test_the_guide_makes_a_folder_of_secrets_in_which_the_bots_user_finds_its_certificates() -> None:
    guide = GUIDES[0].read_text(encoding="utf-8")
    made = re.search(r"^install -d -m 7(\d)0 -g (\w+) /etc/imagine ", guide, re.MULTILINE)
    user = re.search(r"^useradd --system --uid (\d+) .* (\w+)$", guide, re.MULTILINE)

    assert made is not None
    assert user is not None
    assert (int(made[1]) & 5, made[2]) == (5, user[2])
    assert f"USER {user[1]}\n" in DOCKERFILE, "files on a network file system have one owner, in containers or not"


def test_rays_ports_are_the_same_in_both_units_and_the_guide() -> None:
    head, node = ((DEPLOY / "systemd" / f"ray-{kind}.service").read_text() for kind in ("head", "node"))
    guide = GUIDES[0].read_text(encoding="utf-8")
    low, high = (re.search(rf"--{name}-worker-port=(\d+)", head) for name in ("min", "max"))

    assert ports_in(head) == ports_in(node)
    assert "--include-dashboard=false" in head
    assert low is not None
    assert high is not None
    others = sorted({int(port.partition("=")[2]) for port in ports_in(head)} - {int(low[1]), int(high[1])})
    assert others == list(range(others[0], others[-1] + 1))
    assert f"| {others[0]} to {others[-1]}, {low[1]} to {high[1]} |" in guide
    firewall = re.search(r"table inet imagine \{.*?\n\}", guide, re.DOTALL)
    assert firewall is not None
    assert f'"wg0" tcp dport {{ 6379, {others[0]}-{others[-1]}, {low[1]}-{high[1]} }} accept' in firewall[0]


def test_the_firewall_of_the_guide_lets_in_what_its_table_names_and_nothing_for_nobody() -> None:
    guide = GUIDES[0].read_text(encoding="utf-8")
    firewall = re.search(r"table inet imagine \{.*?\n\}", guide, re.DOTALL)
    rows = re.findall(r"^\| (\d[^|]*) \| [^|]* \| ([^|]*) \|$", guide, re.MULTILINE)
    assert firewall is not None
    open_ports = set(re.findall(r"\b\d{3,5}\b", firewall[0]))
    for ports, who in rows:
        named = set(re.findall(r"\d{3,5}", ports))
        assert named.isdisjoint(open_ports) if who.startswith("nobody") or named == {"8086"} else named <= open_ports
    assert [line for line in firewall[0].splitlines() if '"wg0"' in line and "dport" not in line] == []


def ports_in(unit: str) -> list[str]:
    """Return the options that name ports, but for the head's own."""
    return re.findall(r"--[a-z-]+-port=\d+", unit)


def mounts() -> Iterator[tuple[str, str]]:
    """Yield each volume of the bot's with where it lies."""
    for volume in COMPOSE["services"]["bot"]["volumes"]:
        name, place = volume.split(":")
        yield name, place


def test_everything_that_is_kept_lies_in_a_volume() -> None:
    kept = set(re.findall(r"(?:IMAGINE_DATA|IMAGINE_PICTURES|HF_HOME)=(\S+)", DOCKERFILE))
    declared = re.search(r"^VOLUME \[(.*)\]$", DOCKERFILE, re.MULTILINE)
    owned = re.search(r"install --directory --owner imagine --group imagine (.+)$", DOCKERFILE, re.MULTILINE)

    assert declared is not None
    assert owned is not None
    assert kept == set(re.findall(r'"([^"]+)"', declared[1]))
    assert {place for _, place in mounts()} == kept | {"/data/credentials"}  # the certificates are both bots'
    assert set(owned[1].split()) == {place for _, place in mounts()}
    assert {name for name, _ in mounts()} <= COMPOSE["volumes"].keys()
