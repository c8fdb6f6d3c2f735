"""A job over several checkpoints, in parts that a worker draws with one each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inference.protocol import Done
from inference.request import ImageRequest, Variant


@dataclass(frozen=True, slots=True)
class Part:
    """Those of a request's pictures that one checkpoint draws: their places among all, and their request."""

    places: tuple[int, ...]
    request: ImageRequest

    def attempt_id(self, running_id: str) -> str:
        """Return the id of its attempt: the job's own for the first part, others tell their first place."""
        return f"{running_id}.{self.places[0]}" if self.places[0] else running_id


def parts_of(request: ImageRequest) -> list[Part]:
    """Return the parts of a request, the first picture's first; one, unless its variants name several checkpoints."""
    drawn_by = [single.checkpoint for single in request.singles()]
    if set(drawn_by) == {request.checkpoint}:
        return [Part(tuple(range(request.count)), request)]
    return [_part(request, name, drawn_by) for name in dict.fromkeys(drawn_by)]


def joined(parts: Sequence[tuple[Part, Done]]) -> Done:
    """Return what the parts came to as one, its pictures in their places."""
    placed = {place: picture for part, done in parts for place, picture in zip(part.places, done.pictures, strict=True)}
    return Done(
        attempt_id=parts[0][1].attempt_id,
        pictures=tuple(placed[place] for place in sorted(placed)),
        seconds=sum(done.seconds for _, done in parts),
        truncated=next((done.truncated for _, done in parts if done.truncated), ""),
    )


def _part(request: ImageRequest, checkpoint: str, drawn_by: Sequence[str]) -> Part:
    """Return a checkpoint's part; its request has nothing of another one's settings, each variant says all."""
    places = tuple(place for place, name in enumerate(drawn_by) if name == checkpoint)
    singles = [request.single(place) for place in places]
    return Part(places, replace(singles[0], variants=tuple(map(variant_of, singles)), count=len(places)))


def variant_of(single: ImageRequest) -> Variant:
    """Return the variant that says all of what a request for one picture says, but for its checkpoint."""
    return Variant(
        prompt=single.prompt,
        seed=single.seed,
        width=single.width,
        height=single.height,
        num_inference_steps=single.num_inference_steps,
        guidance_scale=single.guidance_scale,
        sampler=single.sampler,
    )
