"""What workers write into the bot's log."""

from pathlib import Path

from inference_kit import a_checkpoint, an_attempt, run, running, until
from log_lines import objects, written

from config.logs import LogStyle
from inference.executor import WorkerState

SCRIPTED = "tests.fakes_inference:ScriptedEngine"


async def test_the_lines_of_a_worker_keep_their_level_and_name_worker_attempt_and_job(tmp_path: Path) -> None:
    with written(LogStyle.JSON) as stream:
        async with running(tmp_path, a_checkpoint(tmp_path, "scripted"), SCRIPTED, preview_every=0.01) as executor:
            await until(executor, WorkerState.READY)
            await run(executor, an_attempt(tmp_path / "spool", "12:3", prompt="raise"))
    failed = next(each for each in objects(stream) if each["logger"] == "inference.worker")

    assert failed["level"] == "ERROR"
    assert (failed["worker"], failed["attempt"], failed["job"]) == ("cpu", "12:3", "12")
    assert "ZeroDivisionError" in failed["message"]
