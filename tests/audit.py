"""Whether what is left after a run is what was promised: each check yields what is wrong, in words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from evidence import Evidence
from guest import Json, custom_id, record_ids

from config.words import say
from db.tables.job import OPEN, Job, JobStatus
from db.tables.outbox import DeliveryState, Message, Notice
from jobs.settlement import ATTEMPTS

NOTICES = {
    JobStatus.DONE: Notice.RESULT,
    JobStatus.FAILED: Notice.FAILURE,
    JobStatus.REFUSED: Notice.FAILURE,
    JobStatus.CANCELLED: Notice.CANCELLED,
}


def complaints(evidence: Evidence) -> list[str]:
    """Return all that is wrong."""
    checks = (endings, failures, news, sights, replies, pictures, files)
    return [complaint for check in checks for complaint in check(evidence)]


def endings(evidence: Evidence) -> Iterator[str]:
    """Every job is over, and one that is done has as many records as it was to have pictures."""
    indices = defaultdict(list)
    for record in evidence.records:
        indices[record.job_id].append(record.index)
    for job in evidence.jobs:
        if job.status in OPEN:
            yield f"job {job.id} is still {job.status}"
        wanted = list(range(job.pictures)) if job.status is JobStatus.DONE else []
        if sorted(indices[job.id]) != wanted:
            yield f"job {job.id} ({job.status}) has the records {indices[job.id]} and not {wanted}"


def failures(evidence: Evidence) -> Iterator[str]:
    """Whatever failed had every attempt that it was due, and none had more."""
    for job in evidence.jobs:
        if job.attempts > ATTEMPTS:
            yield f"job {job.id} had {job.attempts} attempts"
        honest = job.attempts == ATTEMPTS and job.error_key == "jobs.failed_inside"
        if job.status in (JobStatus.FAILED, JobStatus.REFUSED) and not honest:
            yield f"job {job.id} {job.status} after {job.attempts} attempts: {job.error_key} {job.error_values}"


def news(evidence: Evidence) -> Iterator[str]:
    """Of each job there is one message, of its kind, and it was sent."""
    of_job = defaultdict(list)
    for message in evidence.outbox:
        of_job[message.job_id].append(message)
    for job in evidence.jobs:
        kinds = [message.kind for message in of_job[job.id]]
        if kinds != [NOTICES.get(job.status)]:
            yield f"job {job.id} ({job.status}) has the messages {kinds}"
    for message in evidence.outbox:
        if message.state is not DeliveryState.SENT or message.message_id is None:
            yield f"job {message.job_id}: its message is {message.state}: {message.note}"


def sights(evidence: Evidence) -> Iterator[str]:
    """Every record's picture is to be seen once, in the message that its job and its outbox row name."""
    shown = Counter(name for message in evidence.chat for name in _shown_in(message))
    for record in evidence.records:
        if shown.pop(record.id, 0) != 1:
            places = [message["id"] for message in evidence.chat if record.id in _shown_in(message)]
            yield f"job {record.job_id}: picture {record.id} is seen in the messages {places}"
    yield from (f"picture {name} is seen, and no record knows it" for name in shown)
    chat = {int(message["id"]): message for message in evidence.chat}
    for job, sent in _sent(evidence):
        of_job = [record.id for record in evidence.records if record.job_id == job.id]
        named = {sent.message_id, job.message_id} | {each.message_id for each in evidence.records if each.id in of_job}
        message = chat.get(sent.message_id or 0)
        if message is None or named != {sent.message_id}:
            yield f"job {job.id}: its message should be seen as {named}"
        elif sorted(_shown_in(message)) != sorted(of_job) or not _says_how_it_ended(message, job):
            yield f"job {job.id} ({job.status}): message {sent.message_id} says {message['content']!r}"


def replies(evidence: Evidence) -> Iterator[str]:
    """The reply to an accepted interaction is its job's message, or points to it; no reply goes on counting steps."""
    answers = {each["interaction_metadata"]["id"]: each for each in evidence.chat if "interaction_metadata" in each}
    for job, sent in _sent(evidence):
        reply = answers.get(str(job.interaction_id))
        if reply is not None and int(reply["id"]) != sent.message_id and str(sent.message_id) not in reply["content"]:
            yield f"job {job.id} was told in message {sent.message_id}, and its reply says {reply['content']!r}"
    for message in evidence.chat:
        if custom_id(message, "imagine:cancel"):
            yield f"message {message['id']} offers to cancel what is over: {message['content']!r}"


def pictures(evidence: Evidence) -> Iterator[str]:
    """Every record's file is there, and holds what it is named after."""
    for record in evidence.records:
        found = evidence.files.get(f"{record.sha256}.png")
        if found != record.sha256:
            yield f"picture {record.id}: its file {record.sha256} holds {found}"


def files(evidence: Evidence) -> Iterator[str]:
    """There is no file that no row knows, and nothing is left of what was being drawn."""
    known = {record.sha256 for record in evidence.records}
    yield from (f"no row knows the file {name}" for name in evidence.files if name.partition(".")[0] not in known)
    yield from (f"{name} is left in the spool" for name in evidence.spool)


def _shown_in(message: Json) -> list[str]:
    """Return the records whose pictures a message shows; a preview is nobody's picture."""
    return [name for name in record_ids(message) if not name.startswith("preview.")]


def _sent(evidence: Evidence) -> Iterable[tuple[Job, Message]]:
    jobs = {job.id: job for job in evidence.jobs}
    return [(jobs[each.job_id], each) for each in evidence.outbox if each.state is DeliveryState.SENT]


def _says_how_it_ended(message: Json, job: Job) -> bool:
    match job.status:
        case JobStatus.DONE:
            return custom_id(message, "imagine:vary") is not None
        case JobStatus.CANCELLED:
            return say("bot.was_cancelled", user=job.user_id) in message["content"]
        case _:
            return job.error_key is not None and say(job.error_key, **(job.error_values or {})) in message["content"]
