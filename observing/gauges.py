"""A snapshot as Prometheus reads it."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Counts
from observing.snapshot import Snapshot

Family = GaugeMetricFamily | CounterMetricFamily


class Gauges(Collector):
    """Tells the numbers of the snapshot that was put into it last."""

    def __init__(self) -> None:
        self.snapshot: Snapshot | None = None

    def collect(self) -> Iterator[Family]:
        """Yield every metric."""
        if (now := self.snapshot) is not None:
            yield from _queue(now)
            yield from _workers(now)
            yield from _surroundings(now)


def _queue(now: Snapshot) -> Iterator[Family]:
    waiting, running = now.waiting, sum(map(len, now.running.values()))
    jobs = GaugeMetricFamily("imagine_jobs", "Jobs that wait or run", labels=["state"])
    jobs.add_metric(["waiting"], waiting.jobs)
    jobs.add_metric(["running"], running)
    yield jobs
    yield GaugeMetricFamily("imagine_waiting_pictures", "Pictures that jobs wait for", waiting.pictures)
    yield GaugeMetricFamily("imagine_waiting_gpu_seconds", "What all that waits will take", waiting.cost)
    yield GaugeMetricFamily("imagine_waiting_guilds", "Servers that have jobs waiting", waiting.guilds)
    yield GaugeMetricFamily("imagine_share_lead_seconds", "By how much one was served before another", waiting.lead)
    yield GaugeMetricFamily("imagine_share_slack_seconds", "By how much it may be, to spare loading", waiting.slack)
    yield GaugeMetricFamily("imagine_largest_job_seconds", "What the costliest job takes", waiting.largest)


def _workers(now: Snapshot) -> Iterator[Family]:
    states = GaugeMetricFamily("imagine_worker_state", "1 for the state that it is in", labels=["worker", "state"])
    lanes = GaugeMetricFamily("imagine_worker_lanes", "Attempts that it draws, or could", labels=["worker", "state"])
    for worker in now.workers:
        for state in WorkerState:
            states.add_metric([worker.id, state], float(worker.state is state))
        lanes.add_metric([worker.id, "busy"], len(now.running.get(worker.id, ())))
        lanes.add_metric([worker.id, "free"], worker.lanes_free)
    yield states
    yield lanes
    yield from _counted(now.workers)


def _counted(workers: Iterable[WorkerInfo]) -> Iterator[Family]:
    deaths = CounterMetricFamily("imagine_worker_deaths", "Ends of its process", labels=["worker"])
    steps = CounterMetricFamily("imagine_steps", "Denoising steps since its process started", labels=["worker"])
    called = CounterMetricFamily("imagine_rows_called", "Rows of all calls of the UNet", labels=["worker"])
    used = CounterMetricFamily("imagine_rows_used", "Those that were somebody's", labels=["worker"])
    lookups = CounterMetricFamily(
        "imagine_cache_lookups", "Looks into what is in memory", labels=["worker", "cache", "found"]
    )
    for worker in workers:
        deaths.add_metric([worker.id], worker.deaths)
        steps.add_metric([worker.id], worker.steps)
        called.add_metric([worker.id], worker.counts.rows_called)
        used.add_metric([worker.id], worker.counts.rows_used)
        for cache, found, missed in _caches(worker.counts):
            lookups.add_metric([worker.id, cache, "yes"], found)
            lookups.add_metric([worker.id, cache, "no"], missed)
    yield from (deaths, steps, called, used, lookups)


def _caches(counts: Counts) -> Iterator[tuple[str, int, int]]:
    """Yield each cache with how often something was there, and how often not."""
    yield "prompts", counts.prompts_found, counts.prompts_encoded
    yield "checkpoints", counts.checkpoints_found, counts.checkpoints_loaded
    yield "graphs", counts.graphs_found, counts.graphs_made


def _surroundings(now: Snapshot) -> Iterator[Family]:
    clerks = CounterMetricFamily("imagine_clerk_failures", "Calls that took too long or broke off", labels=["clerk"])
    for clerk, failures in now.clerks.items():
        clerks.add_metric([clerk], failures)
    yield clerks
    yield from _gateway(now)
    yield GaugeMetricFamily("imagine_database_up", "Whether it answered in time", float(now.outbox is not None))
    yield GaugeMetricFamily("imagine_pictures_up", "Whether their store answered last", float(now.pictures))
    if now.outbox is not None:
        yield GaugeMetricFamily("imagine_outbox_messages", "Messages that are still to be sent", now.outbox.messages)
        yield GaugeMetricFamily("imagine_outbox_overdue_seconds", "How late the latest of them is", now.outbox.overdue)


def _gateway(now: Snapshot) -> Iterator[Family]:
    connected = GaugeMetricFamily("imagine_gateway_connected", "Whether the shard is connected", labels=["shard"])
    latency = GaugeMetricFamily("imagine_gateway_latency_seconds", "From a heartbeat to its answer", labels=["shard"])
    for shard, seconds in now.gateway.items():
        connected.add_metric([str(shard)], float(seconds is not None))
        if seconds is not None:
            latency.add_metric([str(shard)], seconds)
    yield from (connected, latency)
