"""What the log tells of a job on its whole way, and what it never tells."""

from bot_kit import House, open_jobs
from fakes import draw, fail
from log_lines import objects, written

from config.logs import LogStyle
from inference.protocol import FailureKind

WORDS = "a red circle under an umbrella"


async def test_every_line_about_an_attempt_names_its_job_and_none_tells_words_or_tokens(house: House) -> None:
    ada = house.guest()
    await ada.type("/imagine a teapot")
    house.executor.outcomes = [fail(FailureKind.ENGINE), draw]
    house.executor.loaded.clear()
    with written(LogStyle.JSON) as stream, written(LogStyle.TEXT) as for_people:
        started = await ada.post("run", {"channel": ada.channel, "text": f"/imagine {WORDS}"})
        await ada.get(f"interactions/{started['interaction']}", wait=20)
        (job,) = await open_jobs(house)
        house.executor.loaded.set()
        await ada.follow(started["interaction"])
    lines = [each for each in objects(stream) if "attempt" in each]

    assert any("as told" in each["message"] for each in lines)
    assert {each["job"] for each in lines} == {str(job.id)}
    assert lines[0].items() >= {"attempt": f"{job.id}:1", "worker": "fake", "guild": str(job.guild_id)}.items()
    assert job.token is not None
    for log in (stream.getvalue(), for_people.getvalue()):
        assert f"{job.id}:2" in log
        for secret in ("umbrella", job.token, house.server.token):
            assert secret not in log
