"""The audit after a storm finds what it is there to find: good evidence passes, and each kind of damage is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from audit import complaints
from evidence import Evidence
from guest import Json

from db.tables.job import Job, JobStatus
from db.tables.outbox import DeliveryState, Message, Notice
from db.tables.record import Record

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DONE, FAILED, CANCELLED, ELSEWHERE = 1, 2, 3, 4


def a_job(number: int, status: JobStatus, **changes: Any) -> Job:
    usual: dict[str, Any] = {
        **dict.fromkeys(Job.__dataclass_fields__),
        "id": number,
        "interaction_id": 1000 + number,
        "action": "imagine",
        "request": {"prompt": "a fox"},
        "user_id": 7,
        "guild_id": 8,
        "channel_id": 9,
        "pictures": 2,
        "cost": 1.0,
        "locale": "en",
        "status": status,
        "fence": 1,
        "attempts": 1,
        "message_id": 2000 + number,
        "created_at": NOON,
        "started_at": NOON + timedelta(seconds=1),
        "notes": [],
    }
    return Job(**usual | changes)


def a_notice(number: int, kind: Notice, **changes: Any) -> Message:
    usual: dict[str, Any] = {
        **dict.fromkeys(Message.__dataclass_fields__),
        "id": number,
        "job_id": number,
        "kind": kind,
        "nonce": str(number),
        "state": DeliveryState.SENT,
        "message_id": 2000 + number,
    }
    return Message(**usual | changes)


def a_record(index: int, name: str, job: int = DONE) -> Record:
    usual: dict[str, Any] = dict.fromkeys(Record.__dataclass_fields__)
    return Record(**usual | {"id": name, "job_id": job, "index": index, "sha256": name * 4, "message_id": 2000 + job})


def a_message(number: int, content: str, *records: str, interaction: int | None = None, button: str = "") -> Json:
    answers = {} if interaction is None else {"interaction_metadata": {"id": str(interaction)}}
    return {
        "id": str(number),
        "content": content,
        "attachments": [{"filename": f"imagine-{record}.png"} for record in records],
        "components": [{"type": 2, "custom_id": button}],
        **answers,
    }


GOOD = Evidence(
    jobs=[
        a_job(DONE, JobStatus.DONE),
        a_job(FAILED, JobStatus.FAILED, attempts=3, error_key="jobs.failed_inside", error_values={}),
        a_job(CANCELLED, JobStatus.CANCELLED),
        a_job(ELSEWHERE, JobStatus.CANCELLED),
    ],
    outbox=[
        a_notice(DONE, Notice.RESULT),
        a_notice(FAILED, Notice.FAILURE),
        a_notice(CANCELLED, Notice.CANCELLED),
        a_notice(ELSEWHERE, Notice.CANCELLED),
    ],
    records=[a_record(0, "A"), a_record(1, "B")],
    chat=[
        a_message(2001, "Drawn", "A", "B", interaction=1001, button="imagine:vary:A"),
        a_message(2002, "This could not be drawn: the drawing process failed three times. It was not your prompt; "
                  "nothing is charged. Please try again later.", interaction=1002),
        a_message(2003, "Cancelled for <@7>.", interaction=1003),
        a_message(2004, "Cancelled for <@7>."),
        a_message(1999, "It is here: https://discord.com/channels/8/9/2004", interaction=1004),
        a_message(1998, "", interaction=1),  # nobody accepted that one
    ],
    files={"AAAA.png": "AAAA", "BBBB.png": "BBBB"},
    spool=[],
)  # fmt: skip


def with_job(number: int, **changes: Any) -> Evidence:
    return replace(GOOD, jobs=[replace(job, **changes) if job.id == number else job for job in GOOD.jobs])


def with_notice(number: int, **changes: Any) -> Evidence:
    return replace(GOOD, outbox=[replace(each, **changes) if each.id == number else each for each in GOOD.outbox])


def with_message(number: int, **changes: Any) -> Evidence:
    return replace(GOOD, chat=[each | changes if each["id"] == str(number) else each for each in GOOD.chat])


def beside(**more: Any) -> Evidence:
    return replace(GOOD, **{name: [*getattr(GOOD, name), value] for name, value in more.items()})


DAMAGES: dict[str, tuple[Evidence, str]] = {
    "a job that is not over": (with_job(CANCELLED, status=JobStatus.LEASED), "job 3 is still leased"),
    "a record too few": (replace(GOOD, records=GOOD.records[:1]), "job 1 (done) has the records [0]"),
    "a record of a failed job": (beside(records=a_record(0, "C", FAILED)), "job 2 (failed) has the records [0]"),
    "a failure too early": (with_job(FAILED, attempts=2), "job 2 failed after 2 attempts"),
    "another failure": (with_job(FAILED, error_key="jobs.too_slow"), "jobs.too_slow"),
    "an attempt too many": (with_job(DONE, attempts=4), "job 1 had 4 attempts"),
    "no message": (replace(GOOD, outbox=GOOD.outbox[1:]), "job 1 (done) has the messages []"),
    "two messages": (beside(outbox=a_notice(DONE, Notice.CANCELLED)), "job 1 (done) has the messages ["),
    "the wrong kind": (with_notice(FAILED, kind=Notice.RESULT), "job 2 (failed) has the messages ["),
    "a message that waits": (with_notice(DONE, state=DeliveryState.WAITING), "its message is waiting"),
    "a message given up": (with_notice(DONE, state=DeliveryState.ABANDONED, note="no way"), "abandoned: no way"),
    "a picture seen twice": (beside(chat=a_message(2005, "Drawn", "A")), "picture A is seen in the messages"),
    "a picture seen nowhere": (with_message(2001, attachments=[]), "picture A is seen in the messages []"),
    "a picture of nobody's": (beside(chat=a_message(2005, "Drawn", "X")), "picture X is seen, and no record"),
    "a message that is gone": (replace(GOOD, chat=GOOD.chat[1:]), "job 1: its message should be seen"),
    "a job that names another message": (with_job(DONE, message_id=5), "job 1: its message should be seen as"),
    "a failure that does not say so": (with_message(2002, content="Drawing: step 2 of 4"), "job 2 (failed): message"),
    "a result without its buttons": (with_message(2001, components=[]), "job 1 (done): message 2001"),
    "a reply that points nowhere": (with_message(1999, content="Number 2 in the queue."), "its reply says 'Number 2"),
    "a result that is told twice": (with_message(1999, content="Cancelled for <@7>."), "job 4 was told in message"),
    "a way to cancel what is over": (
        beside(chat=a_message(2005, "Drawing", button="imagine:cancel:9")),
        "message 2005 offers to cancel",
    ),
    "a file that is gone": (replace(GOOD, files={"AAAA.png": "AAAA"}), "picture B: its file BBBB holds None"),
    "a file that was changed": (replace(GOOD, files=GOOD.files | {"AAAA.png": "AAAB"}), "AAAA holds AAAB"),
    "a file that nobody knows": (replace(GOOD, files=GOOD.files | {"C.png": "C"}), "no row knows the file C.png"),
    "a file half written": (replace(GOOD, files=GOOD.files | {"t1.part": "C"}), "no row knows the file t1.part"),
    "raw pixels": (beside(spool="0.npy"), "0.npy is left in the spool"),
}


def test_good_evidence_passes() -> None:
    assert complaints(GOOD) == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named(damage: str) -> None:
    evidence, words = DAMAGES[damage]

    assert words in " | ".join(complaints(evidence))
