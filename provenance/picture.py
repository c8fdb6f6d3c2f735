"""What is known of a picture when it is stamped."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What made a picture, as far as its file may tell; who asked for it is not among it.

    `record_id` is the id people see: ten characters of Crockford's base 32. `checkpoint_hash` is the
    SHA-256 of the weights in hex, `strength` that of image to image, `version` the bot's name and
    version. With `publish_prompt` False the file carries neither prompt nor negative prompt.
    """

    record_id: str
    prompt: str
    negative_prompt: str = ""
    num_inference_steps: int
    sampler: str
    guidance_scale: float
    seed: int
    width: int
    height: int
    checkpoint: str
    checkpoint_hash: str | None = None
    strength: float | None = None
    version: str
    publish_prompt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamped:
    """A finished picture: its file and what identifies it.

    `sha256` is that of the file, `pixels_sha256` that of the raw RGB bytes before marking (the same
    wherever the same request gave the same picture), `pdq` the perceptual hash of the finished pixels (None where
    there is too little in them), all in hex. `mark_found` says that the mark was read back from the finished pixels,
    `record_found` that the record's id was.
    """

    png: bytes
    sha256: str
    pixels_sha256: str
    pdq: str | None
    mark_found: bool
    record_found: bool
