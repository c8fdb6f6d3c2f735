"""The words that a request has from the pictures it goes on from, and not from who asks."""

from collections.abc import Sequence

from db.tables.record import Record
from inference.request import ImageRequest


def may_publish(request: ImageRequest, origins: Sequence[Record]) -> bool:
    """Say whether none of its words are those of somebody who keeps them out of files."""
    said = "\n".join((*request.prompts, request.negative_prompt))
    silent = (each for each in origins if not each.publishes_prompt)
    return not any(words and words in said for each in silent for words in (each.prompt, each.negative_prompt))


def inherited_prompts(request: ImageRequest, family: Sequence[Record]) -> frozenset[str]:
    """Return those of its prompts that were drawn in the family before, beside no negative prompt but one from there.

    What a blend puts together of such prompts is nobody's own either.
    """
    before = [ImageRequest.from_dict(each.request) for each in family]
    if request.negative_prompt not in {"", *(each.negative_prompt for each in before)}:
        return frozenset()
    known = {"", *(prompt for each in before for prompt in each.prompts)}
    parts = {part.prompt for part in request.blended}
    if parts and parts <= known:
        known.add(request.prompt)
    return frozenset(known.intersection(request.prompts))
