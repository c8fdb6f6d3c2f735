"""The log: for people or for programs, with the job of every line, and without anybody's words."""

import asyncio
import json
import logging
import subprocess
import sys

import pytest
from log_lines import objects, written

from config.logs import LogStyle, about, relay
from config.settings import ROOT

log = logging.getLogger("test")


async def test_every_line_names_its_subjects_also_where_several_are_at_work() -> None:
    async def work(job: int) -> None:
        with about(job=job, guild=None):
            await asyncio.sleep(0)
            log.info("half")
            with about(attempt=f"{job}:1"):
                await asyncio.sleep(0)
                log.info("done")

    with written(LogStyle.JSON) as stream:
        await asyncio.gather(work(1), work(2))
        log.info("nobody's")
    lines = objects(stream)

    assert sorted((each["message"], each.get("job"), each.get("attempt")) for each in lines[:-1]) == [
        *(("done", "1", "1:1"), ("done", "2", "2:1")),
        *(("half", "1", None), ("half", "2", None)),
    ]
    assert {"job", "guild"}.isdisjoint(lines[-1])
    assert lines[-1].keys() == {"time", "level", "logger", "message"}


def test_people_read_the_subjects_behind_the_message() -> None:
    with written(LogStyle.TEXT) as stream, about(job=7, worker="cuda:0"):
        log.warning("slow")

    assert stream.getvalue().endswith("WARNING test: slow [job=7 worker=cuda:0]\n")


def test_an_error_stays_one_object_with_its_traceback() -> None:
    with written(LogStyle.JSON) as stream:
        log.error("broke", exc_info=ZeroDivisionError("by zero"))
    (line,) = objects(stream)

    assert line["level"] == "ERROR"
    assert "ZeroDivisionError: by zero" in line["exc_info"]


@pytest.mark.parametrize("line", ["a library's own words", "[1, 2]", '{"level": "INFO"}', "null"])
def test_what_another_process_says_in_no_style_is_written_as_it_is(line: str) -> None:
    with written(LogStyle.JSON) as stream:
        relay(line, log)

    assert [(each["logger"], each["message"]) for each in objects(stream)] == [("test", line)]


def test_warnings_and_the_exception_that_ends_a_process_are_objects_too() -> None:
    program = """
import logging, warnings
from config.logs import LogStyle, set_up
set_up(LogStyle.JSON, logging.INFO)
warnings.warn("old")
raise ZeroDivisionError("by zero")
"""
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    warning, end = map(json.loads, ended.stderr.splitlines())

    assert ended.returncode == 1
    assert "old" in warning["message"]
    assert (end["level"], end["message"]) == ("CRITICAL", "ended by ZeroDivisionError")
    assert "by zero" in end["exc_info"]
