"""Appeals, reports and decisions, as Discord brings them: modals that ask why, buttons that decide."""

from discord import InteractionResponseType

from bot.interaction import Interaction, Press, answer, caller_of, hold, locale_of, think
from bot.letters import NOBODY
from bot.removal import take_down
from bot.tree import whisper
from bot.views.cases import case_view, why_modal
from config.words import say
from db.cases import Case, CaseKind, Outcome

TOLD = {
    Outcome.UPHELD: "people.told_upheld",
    Outcome.OVERTURNED: "people.told_overturned",
    Outcome.BANNED: "people.told_banned",
}


async def ask_appeal(interaction: Interaction) -> None:
    """Let somebody say why a strike or a ban is wrong, if there is one."""
    await interaction.client.studio.review.appealable(caller_of(interaction))
    await _ask(interaction, "appeal", "")


async def ask_report(interaction: Interaction, record_id: str) -> None:
    """Let somebody say what is wrong with a picture that they can see."""
    record = await interaction.client.studio.gallery.record(caller_of(interaction), record_id)
    await _ask(interaction, "report", record.id)


async def ask_note(interaction: Interaction, case_id: str) -> None:
    """Let a moderator write a note on a case."""
    interaction.client.studio.review.check_moderator(caller_of(interaction))
    await _ask(interaction, "note", case_id)


async def appeal(interaction: Interaction, _: str, fields: dict[str, str]) -> None:
    """Put an appeal before the moderators."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.review.appeal(caller_of(interaction), fields["text"])
    await _thank(interaction, "people.appealed")


async def report(interaction: Interaction, record_id: str, fields: dict[str, str]) -> None:
    """Put a report before the moderators."""
    await think(interaction, ephemeral=True)
    await interaction.client.studio.review.report(caller_of(interaction), record_id, fields["text"])
    await _thank(interaction, "people.reported")


async def note(interaction: Interaction, case_id: str, fields: dict[str, str]) -> None:
    """Add a moderator's note to a case."""
    await hold(interaction)
    case = await interaction.client.studio.review.note(caller_of(interaction), int(case_id), fields["text"])
    await _show(interaction, case)


def decision(outcome: Outcome) -> Press:
    """Return what a button does that decides so."""

    async def press(interaction: Interaction, case_id: str) -> None:
        await hold(interaction)
        case = await interaction.client.studio.review.decide(caller_of(interaction), int(case_id), outcome)
        if outcome is Outcome.DELETED and case.kind is CaseKind.REPORT:
            await _take_down(interaction, case)
        if case.kind is CaseKind.HELD and outcome is Outcome.DELETED:
            await interaction.client.desk.tell(case.user_id, say("people.told_withheld"))
        if case.kind is CaseKind.APPEAL:
            await interaction.client.desk.tell(case.user_id, say(TOLD[outcome]))
        await _show(interaction, case)

    return press


async def _ask(interaction: Interaction, kind: str, argument: str) -> None:
    modal = why_modal(kind, argument, locale_of(interaction))
    modal.stop()  # not waited for: whatever comes of it arrives as a modal of that kind, after a restart too
    await answer(interaction, InteractionResponseType.modal, lambda: interaction.response.send_modal(modal))


async def _thank(interaction: Interaction, key: str) -> None:
    await whisper(interaction, say(key, locale=locale_of(interaction)))


async def _show(interaction: Interaction, case: Case) -> None:
    """Write a case anew; once it is decided, its message shows no picture any more."""
    text, view = await interaction.client.desk.text(case), case_view(case)
    if case.closed_at is None:
        await interaction.edit_original_response(content=text, view=view, allowed_mentions=NOBODY)
    else:
        await interaction.edit_original_response(content=text, view=view, attachments=[], allowed_mentions=NOBODY)


async def _take_down(interaction: Interaction, case: Case) -> None:
    """Take a deleted picture out of the message that shows it."""
    studio = interaction.client.studio
    assert case.record_id is not None
    record = await studio.gallery.history.get(case.record_id)
    if record is not None:  # its person may have had it erased
        await take_down(interaction.client, await studio.job_of(record), record, interaction.user.id)
