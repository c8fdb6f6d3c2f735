"""How things stand in the tests of this room."""

from db.tables.outbox import Backlog
from inference.executor import WorkerInfo, WorkerState
from inference.protocol import Counts
from observing.snapshot import Snapshot, Waiting

WORKER = WorkerInfo(
    id="cuda:0",
    state=WorkerState.READY,
    device="cuda:0",
    lanes_free=5,
    fingerprint={},
    deaths=2,
    steps=90,
    counts=Counts(rows_called=16, rows_used=12, prompts_found=3, prompts_encoded=1),
)
WELL = Snapshot(
    workers=(WORKER,),
    running={"cuda:0": ["demo", "demo", "sd15"]},
    waiting=Waiting(jobs=4, pictures=7, cost=20.5, guilds=2, lead=3.0, largest=8.0, slack=5.0),
    clerks={"pictures": 1},
    gateway={0: 0.05, 1: None},
    outbox=Backlog(messages=2, overdue=0.5),
    pictures=True,
)
