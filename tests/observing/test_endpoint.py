"""What monitoring reads, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from snapshots import WELL, WORKER

from config.settings import ConfigError, Observing
from db.tables.outbox import Backlog
from inference.executor import WorkerState
from observing.metrics import DIRECT, GUILDS, OTHERS, Metrics
from observing.server import ObservingServer
from observing.snapshot import Snapshot


class Bot:
    """What the endpoint looks at: a snapshot that a test changes, or what looking comes to instead."""

    def __init__(self) -> None:
        self.now = WELL
        self.failure: Exception | None = None
        self.metrics = Metrics()

    async def look(self) -> Snapshot:
        if self.failure is not None:
            raise self.failure
        return self.now


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
async def server() -> AsyncIterator[ObservingServer]:
    async with ObservingServer(Observing(port=0)) as running:
        yield running


@pytest.fixture
async def watching(server: ObservingServer, bot: Bot) -> ObservingServer:
    server.watch(bot.metrics.registry, bot.look)
    return server


async def get(server: ObservingServer, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}{path}") as response:
        return response.status, await response.text()


async def samples(server: ObservingServer) -> dict[tuple[str, ...], float]:
    """Return every sample by its name and the values of its labels, in the order of their names."""
    status, text = await get(server, "/metrics")
    assert status == 200
    families = text_string_to_metric_families(text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


async def test_the_snapshot_is_told_as_metrics(watching: ObservingServer) -> None:
    told = await samples(watching)

    assert told["imagine_jobs", "waiting"] == 4
    assert told["imagine_jobs", "running"] == 3
    assert told["imagine_waiting_gpu_seconds",] == 20.5
    assert told["imagine_worker_state", "ready", "cuda:0"] == 1
    assert told["imagine_worker_state", "broken", "cuda:0"] == 0
    assert told["imagine_worker_lanes", "busy", "cuda:0"] == 3
    assert told["imagine_worker_lanes", "free", "cuda:0"] == 5
    assert told["imagine_worker_deaths_total", "cuda:0"] == 2
    assert told["imagine_rows_used_total", "cuda:0"] / told["imagine_rows_called_total", "cuda:0"] == 0.75
    assert told["imagine_cache_lookups_total", "prompts", "yes", "cuda:0"] == 3
    assert told["imagine_clerk_failures_total", "pictures"] == 1
    assert (told["imagine_gateway_connected", "0"], told["imagine_gateway_connected", "1"]) == (1, 0)
    assert ("imagine_gateway_latency_seconds", "1") not in told
    assert told["imagine_outbox_messages",] == 2
    assert told["process_resident_memory_bytes",] > 0


async def test_what_happened_is_counted(watching: ObservingServer, bot: Bot) -> None:
    bot.metrics.started(3.0)
    bot.metrics.delivered(25.0)
    bot.metrics.attempted("drawn", 7, 4.0, 2)
    bot.metrics.attempted("lost", None, 1.0, 0)
    bot.metrics.refused("e")
    bot.metrics.refused(None)
    bot.metrics.not_delivered("retried")
    told = await samples(watching)

    assert (told["imagine_wait_seconds_bucket", "2.0"], told["imagine_wait_seconds_bucket", "5.0"]) == (0, 1)
    assert told["imagine_answer_seconds_sum",] == 25
    assert told["imagine_attempts_total", "drawn"] == told["imagine_attempts_total", "lost"] == 1
    assert told["imagine_gpu_seconds_total", "7"] == 4
    assert told["imagine_gpu_seconds_total", DIRECT] == 1
    assert told["imagine_pictures_total",] == 2
    assert told["imagine_refusals_total", "e"] == told["imagine_refusals_total", "unchecked"] == 1
    assert told["imagine_deliveries_total", "retried"] == 1


async def test_what_may_happen_is_there_before_it_happens(watching: ObservingServer, bot: Bot) -> None:
    bot.metrics.expect(["drawn"])
    told = await samples(watching)

    for clause in ("a", "k", "gore", "unchecked"):
        assert told["imagine_refusals_total", clause] == 0
    for outcome in ("sent", "retried", "put off", "abandoned"):
        assert told["imagine_deliveries_total", outcome] == 0
    assert told["imagine_attempts_total", "drawn"] == 0


async def test_however_many_servers_there_are_few_have_a_series_of_their_own(
    watching: ObservingServer, bot: Bot
) -> None:
    for guild in [*range(1_000), 0]:
        bot.metrics.attempted("drawn", guild, 1.0, 1)
    told = await samples(watching)
    seconds = {labels[0]: value for (name, *labels), value in told.items() if name == "imagine_gpu_seconds_total"}

    assert len(seconds) == GUILDS + 1
    assert seconds["0"] == 2
    assert seconds[OTHERS] == 1_000 - GUILDS


async def test_a_bot_that_serves_is_well(watching: ObservingServer) -> None:
    for path in ("/health", "/health/ready"):
        status, text = await get(watching, path)
        assert status == 200
        assert "1 of 2 shards are connected" in text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gateway": {0: None, 1: None}}, "0 of 2 shards are connected"),
        ({"gateway": {}}, "0 of 0 shards are connected"),
        ({"outbox": None}, "it does not answer"),
        ({"pictures": False}, "their store did not answer when it was asked last"),
        ({"workers": (replace(WORKER, state=WorkerState.BROKEN),)}, "0 of 1 are ready, 1 broken"),
        ({"workers": ()}, "there are none"),
        ({"outbox": Backlog(messages=9, overdue=1_000.0)}, "9 wait, the latest 1000 s late"),
    ],
)
async def test_what_is_ill_is_told_with_a_reason(
    watching: ObservingServer, bot: Bot, change: dict[str, Any], reason: str
) -> None:
    await get(watching, "/health")  # its shards were connected once
    bot.now = replace(WELL, **change)
    for path in ("/health", "/health/ready"):
        status, text = await get(watching, path)
        assert status == 503
        assert reason in text


async def test_one_worker_that_is_not_broken_is_enough(watching: ObservingServer, bot: Bot) -> None:
    states = (WorkerState.BROKEN, WorkerState.STARTING)
    bot.now = replace(WELL, workers=tuple(replace(WORKER, id=state, state=state) for state in states))

    assert (await get(watching, "/health"))[0] == 200


async def test_a_standby_is_well_and_not_ready(server: ObservingServer) -> None:
    statuses = [(await get(server, path))[0] for path in ("/health", "/health/ready", "/metrics")]

    assert statuses == [200, 503, 503]
    assert "standing by" in (await get(server, "/health"))[1]


@pytest.mark.parametrize("gateway", [{}, {0: None, 1: None}])
async def test_a_bot_that_starts_is_well_and_not_ready(
    watching: ObservingServer, bot: Bot, gateway: dict[int, float | None]
) -> None:
    bot.now = replace(WELL, gateway=gateway, workers=())

    assert [(await get(watching, path))[0] for path in ("/health", "/health/ready", "/metrics")] == [200, 503, 200]
    assert "starting" in (await get(watching, "/health"))[1]


async def test_a_failure_inside_stays_inside(
    watching: ObservingServer, bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    bot.failure = ZeroDivisionError("secret")
    for path in ("/metrics", "/health"):
        status, text = await get(watching, path)
        assert status == 500
        assert "secret" not in text
    assert "secret" in caplog.text


async def test_a_port_that_is_taken_stops_the_start(server: ObservingServer) -> None:
    with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1"):
        async with ObservingServer(Observing(port=server.port)):
            await asyncio.sleep(0)
