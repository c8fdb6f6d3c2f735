"""What an attempt starts from: the pictures that are drawn over, where, and how what is drawn is put into place."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from inference.contract import Unfeasible
from inference.engine.mask import Mask, paste, read_mask
from inference.engine.pictures import Picture, fit, open_upright, read
from inference.engine.upscaler import Upscaler
from inference.engine.window import beyond, look_through, put_back
from inference.protocol import Attempt
from inference.request import ImageRequest, Task


@dataclass(frozen=True, slots=True)
class Material:
    """The pictures that are drawn over, all of them of the size that is drawn; none where it is drawn from noise alone.

    `mask` says where they are drawn anew, `join` puts what was painted into the finished picture, and `untouched` is
    that picture where nothing is to be painted.
    """

    over: tuple[Picture, ...] = ()
    mask: Mask | None = None
    join: Callable[[Picture], Picture] = lambda painted: painted
    untouched: Picture | None = None

    @classmethod
    def of(cls, attempt: Attempt, upscaler: Upscaler | None) -> Self:
        """Return what an attempt starts from. Raises Unfeasible where a picture is missing or does not fit."""
        request = attempt.request
        if request.task is Task.TEXT_TO_IMAGE:
            return cls()
        if request.task is Task.BLEND:
            return cls._blended(attempt)
        if attempt.source_path is None:
            raise Unfeasible("the attempt names no source picture")
        if request.task is Task.INPAINT:
            return cls._masked(attempt.source_path, attempt.mask_path, request)
        if request.task is Task.OUTPAINT:
            return cls._continued(attempt.source_path, request)
        return cls._whole(_enlarged(attempt.source_path, request, upscaler))

    @classmethod
    def _whole(cls, source: Picture) -> Self:
        return cls((source,), untouched=source)

    @classmethod
    def _blended(cls, attempt: Attempt) -> Self:
        size = (attempt.request.width, attempt.request.height)
        pictures = tuple(read(path, *size) for path in attempt.blended_paths)
        if len(pictures) != len(attempt.request.blended):
            raise Unfeasible("the attempt does not name every picture that is blended")
        return cls(pictures, untouched=np.asarray(np.mean(pictures, axis=0).round(), np.uint8))

    @classmethod
    def _masked(cls, source_path: str, mask_path: str | None, request: ImageRequest) -> Self:
        if mask_path is None:
            raise Unfeasible("the attempt names no mask")
        image, shade = open_upright(source_path), open_upright(mask_path, "L", "mask")
        if shade.size != image.size:
            raise Unfeasible(f"the mask measures {shade.size} pixels and its picture {image.size}")
        size, window = (request.width, request.height), request.window
        if window is None:
            image, shade = fit(image, *size), fit(shade, *size)
        source, mask = np.asarray(image), read_mask(shade)
        if window is None:
            return cls((source,), mask, partial(paste, source=source, mask=mask), source)
        if not window.lies_in(*image.size):
            raise Unfeasible(f"the window reaches beyond the picture of {image.size} pixels")
        part, drawn = look_through(window, image, size), read_mask(look_through(window, shade, size))
        return cls((np.asarray(part),), drawn, partial(put_back, window=window, source=source, mask=mask), source)

    @classmethod
    def _continued(cls, source_path: str, request: ImageRequest) -> Self:
        window, image = request.window, open_upright(source_path)
        assert window is not None
        if not window.touches(*image.size):
            raise Unfeasible(f"nothing of the picture of {image.size} pixels lies in the window")
        source, mask = beyond(window, image, (request.width, request.height))
        return cls((source,), mask, partial(paste, source=source, mask=mask), source)


def _enlarged(path: str, request: ImageRequest, upscaler: Upscaler | None) -> Picture:
    """Return the source at the size that is drawn, enlarged by the checkpoint's upscaler where it has one."""
    size, factor = (request.width, request.height), request.factor
    if request.task is not Task.UPSCALE or upscaler is None or factor is None:
        return read(path, *size)
    return upscaler.enlarge(read(path, *(side // factor for side in size)), factor)
