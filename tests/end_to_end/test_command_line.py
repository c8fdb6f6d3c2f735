"""run_bot.py as an operator uses it."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from guest import Guest, record_ids
from PIL import Image
from processes import ROOT, joining, running_bot, running_chat_server

from provenance.png import unsigned


def run(data: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DISCORD_TOKEN"}
    environment |= {"IMAGINE_DATA": str(data)} | variables
    return subprocess.run(
        [sys.executable, "run_bot.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_try_runs_commands_in_order_and_writes_the_pictures(tmp_path: Path) -> None:
    out = tmp_path / "out"
    commands = ("/imagine a red circle seed:0 steps:2 count:2", "/reproduce {last}", "/queue")
    done = run(tmp_path / "data", "try", *commands, "--json", "--out", str(out), "--as", "ben")
    drawn, reproduced, queue = map(json.loads, done.stdout.splitlines())

    assert done.returncode == 0, done.stderr
    assert [picture["seed"] for picture in drawn["pictures"]] == [0, 1]
    for picture in drawn["pictures"] + reproduced["pictures"]:
        assert Image.open(picture["path"]).size == (picture["width"], picture["height"])
        assert picture["record"] in picture["path"]
    again, before = (
        unsigned(Path(path).read_bytes()) for path in (reproduced["pictures"][0]["path"], drawn["pictures"][1]["path"])
    )
    assert again == before
    assert "Identical" in reproduced["message"]["content"]
    assert queue["message"]["content"]


def test_try_remembers_its_history_and_prints_what_a_person_sees(tmp_path: Path) -> None:
    first = run(tmp_path / "data", "try", "/imagine a kite steps:2", "--out", str(tmp_path), "--json")
    record = json.loads(first.stdout)["pictures"][0]["record"]
    shown = run(tmp_path / "data", "try", f"/show {record}", "--out", str(tmp_path))

    assert shown.returncode == 0, shown.stderr
    assert "a kite" in shown.stdout
    assert "alt text" in shown.stdout
    assert "Vary" in shown.stdout


def test_try_fails_where_no_picture_came(tmp_path: Path) -> None:
    refused = run(tmp_path / "data", "try", "/show 0000000000", "--out", str(tmp_path))

    assert refused.returncode == 1
    assert "no picture" in refused.stdout


@pytest.mark.slow
async def test_rebuild_draws_a_chain_of_edits_again_to_the_byte_without_any_data(
    guest: Callable[..., Guest], tmp_path: Path
) -> None:
    ada = guest()
    made = record_ids(await ada.type("/imagine a red circle and a quince steps:2 seed:0 width:128 height:128"))
    for edit in (
        *("/vary picture:{} by:seed", "/outpaint picture:{} right:64", "/vary picture:{} strength:strong"),
        *(
            "/inpaint prompt:a blue star and a quince picture:{} region:left half",
            "/reproduce id:{}",
            "/upscale picture:{}",
        ),
    ):
        made += record_ids(await ada.type(edit.format(made[-1])))
    page = await ada.type("/history search:quince")
    sent = await ada.press(page, "Export")
    (tmp_path / "export.json").write_bytes(await ada.fetch(sent["attachments"][0]))
    again = ("rebuild", str(tmp_path / "export.json"), "--out", str(tmp_path / "out"))
    done = await asyncio.to_thread(run, tmp_path / "data", *again)

    assert done.returncode == 0, done.stdout + done.stderr
    assert {f"identical  {each}" for each in made} <= set(done.stdout.splitlines())
    assert {path.stem for path in (tmp_path / "out").iterdir()} >= {f"imagine-{each}" for each in made}
    assert not (tmp_path / "data" / "imagine.db").exists()


def test_rebuild_says_what_is_no_export(tmp_path: Path) -> None:
    (tmp_path / "export.json").write_text("{}")
    wrong = run(tmp_path / "data", "rebuild", str(tmp_path / "export.json"))

    assert wrong.returncode == 2
    assert "no file that /history exports" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_doctor_says_of_everything_whether_it_is_well(tmp_path: Path) -> None:
    well = run(tmp_path / "data", "doctor")

    assert well.returncode == 0, well.stdout
    for subject in ("token", "database", "disk", "device", "checkpoint demo", "painting page", "monitoring"):
        assert subject in well.stdout
    assert "CIDAS/clipseg-rd64-refined" in well.stdout


def test_doctor_makes_nothing_of_what_it_looks_at(tmp_path: Path) -> None:
    looked = run(tmp_path / "data", "doctor")

    assert looked.returncode == 0, looked.stdout
    assert list(tmp_path.iterdir()) == []
    for subject, name in (("database", "imagine.db"), ("pictures", "pictures"), ("credentials", "key.pem")):
        assert any(line.startswith(f"ok       {subject}: ") and name in line for line in looked.stdout.splitlines())


def test_db_copy_says_what_it_copied_and_copies_it_once(tmp_path: Path) -> None:
    data, new = tmp_path / "data", tmp_path / "new" / "imagine.db"
    run(data, "db", "upgrade")
    with closing(sqlite3.connect(data / "imagine.db")) as database:
        database.execute("INSERT INTO removals VALUES (1, 2)")
        database.commit()
    addresses = ("sqlite+aiosqlite:///{data}/imagine.db", f"sqlite+aiosqlite:///{new}")
    copied = run(data, "db", "copy", *addresses)
    again = run(data, "db", "copy", *addresses)
    with closing(sqlite3.connect(new)) as database:
        rows = database.execute("SELECT * FROM removals").fetchall()

    assert copied.returncode == 0, copied.stderr
    assert "        1 removals\n" in copied.stdout
    assert rows == [(1, 2)]
    assert again.returncode == 2
    assert f"{new} has rows (removals)" in again.stderr
    assert "Traceback" not in again.stderr


def test_doctor_finds_an_audit_log_that_was_changed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    run(data, "db", "upgrade")
    well = run(data, "doctor")
    with closing(sqlite3.connect(data / "imagine.db")) as database:
        database.execute("UPDATE audit_head SET entries = 1")
        database.commit()
    ill = run(data, "doctor")

    assert "audit log: 0 entries, none changed" in well.stdout
    assert ill.returncode == 1
    assert "PROBLEM  audit log: the log ends with entry 0, and should with entry 1" in ill.stdout


def test_doctor_says_what_to_do_about_a_problem(tmp_path: Path) -> None:
    ill = run(tmp_path / "data", "doctor", IMAGINE_CHECKPOINT="nobody", IMAGINE_CHECKPOINTS='["nobody"]')

    assert ill.returncode == 1
    assert "models.toml" in ill.stdout


def test_doctor_looks_at_token_and_permissions_where_the_bot_would_join(tmp_path: Path) -> None:
    with running_chat_server() as world:
        well = run(tmp_path / "data", "doctor", **joining(world))
        ill = run(tmp_path / "data", "doctor", **joining(world) | {"DISCORD_TOKEN": "s3cret"})

    assert well.returncode == 0, well.stdout
    assert "all that is needed in 1 of 1 servers" in well.stdout
    assert "1 to start, Discord recommends 1; 1000 of 1000 session starts are left" in well.stdout
    assert "oauth2/authorize" in well.stdout
    assert ill.returncode == 1
    assert "developer portal" in ill.stdout
    assert "s3cret" not in ill.stdout + ill.stderr


def test_every_mistake_in_the_settings_is_named_at_once_and_no_secret_is(tmp_path: Path) -> None:
    wrong = run(
        tmp_path / "data",
        "doctor",
        IMAGINE_LIMITS__PENDING_PER_USER="0",
        IMAGINE_TIMES__DRAIN="soon",
        DISCORD_TOKEN="s3cret",
    )

    assert wrong.returncode == 2
    assert "pending_per_user" in wrong.stderr
    assert "drain" in wrong.stderr
    assert "s3cret" not in wrong.stderr + wrong.stdout


def test_a_token_that_nobody_knows_is_said_in_words(tmp_path: Path) -> None:
    with running_chat_server() as world:
        refused = run(tmp_path / "data", **joining(world) | {"DISCORD_TOKEN": "s3cret"})

    assert refused.returncode == 2
    assert "DISCORD_TOKEN" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "s3cret" not in refused.stderr


def test_a_checkpoint_that_nobody_knows_is_said_in_words(tmp_path: Path) -> None:
    refused = run(tmp_path / "data", IMAGINE_CHECKPOINT="nobody", IMAGINE_CHECKPOINTS='["nobody"]')

    assert refused.returncode == 2
    assert "nobody" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_second_bot_on_the_same_data_is_told_to_use_its_own(tmp_path: Path) -> None:
    with running_chat_server() as world, running_bot(tmp_path / "data", **joining(world)):
        second = run(tmp_path / "data")

    assert second.returncode == 2
    assert "another bot is using" in second.stderr


def test_db_upgrade_makes_the_schema(tmp_path: Path) -> None:
    upgraded = run(tmp_path / "data", "db", "upgrade")

    assert upgraded.returncode == 0, upgraded.stderr
    assert "revision" in upgraded.stdout
    assert (tmp_path / "data" / "imagine.db").exists()


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run(tmp_path / "data", "--version").stdout.startswith("imagine-bot ")
