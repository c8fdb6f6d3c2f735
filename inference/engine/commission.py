"""One attempt, step by step: each of its pictures depends on its own seed and request only, never on its company."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from inference.contract import Drawing, Unfeasible, Watch
from inference.engine import pictures
from inference.engine.canvas import Canvas
from inference.engine.darkroom import Darkroom, Development
from inference.engine.enlarging import check_enlarging, enlarge
from inference.engine.material import Material
from inference.engine.model import Model
from inference.engine.noise import Noise
from inference.engine.painting import Painting, Schedule
from inference.engine.pictures import Picture, size_of
from inference.engine.preview import to_jpeg
from inference.engine.rows import Rows
from inference.protocol import Attempt, Pixels
from inference.request import ImageRequest, Task
from inference.upscalers import UpscalerCheckpoint


class Commission:
    """An attempt in the making.

    `due` is the number of the call by which it would be done if it were alone, `served` that of its last step's call.
    """

    def __init__(self, model: Model, attempt: Attempt, watch: Watch, *, thrifty: bool) -> None:
        singles = list(attempt.request.singles())
        for single in singles:
            check(model, single)
        self.model = model
        self.id = attempt.id
        self.due = self.served = 0
        self.seconds = 0.0
        self.widths: set[int] = set()
        self.kernels: set[str] = set()
        longest = max(side for single in singles for side in (single.width, single.height))
        in_tiles = thrifty and longest > model.vae.tile_sample_min_size
        self._decoding = {"decoding": "in tiles"} if in_tiles else {}
        self._started = False
        self._attempt = attempt
        self._watch = watch
        self._canvases = self._set_up(attempt.request)
        self._undeveloped: deque[Painting] = deque()  #: what has taken all its steps
        self._developing: dict[Painting, Development] = {}
        self._written: dict[int, Pixels] = {}
        self._of = self.left
        self._write_complete()

    @property
    def left(self) -> int:
        """The number of steps that are still to be taken, over all pictures."""
        return sum(canvas.left for canvas in self._canvases)

    @property
    def done(self) -> bool:
        """Whether every picture is written."""
        return len(self._written) == len(self._canvases)

    @property
    def to_develop(self) -> bool:
        """Whether a painting has taken all its steps and is to be decoded."""
        return bool(self._undeveloped)

    @property
    def developed(self) -> bool:
        """Whether a painting was decoded that is not kept yet."""
        return any(development.ready for development in self._developing.values())

    def paintings(self) -> Iterator[Painting]:
        """Yield what has steps to take, the first picture first."""
        return (each for canvas in self._canvases for each in canvas.paintings if each.left)

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return self._watch.wanted()

    def rows_of(self, painting: Painting) -> Rows:
        """Return what the UNet shall see of a painting, and tell once that the commission is drawn from now on."""
        if not self._started:
            self._started = True
            self._watch.started()
        return painting.rows()

    def took_step(self, painting: Painting) -> None:
        """Tell of a painting's step, and note what is to be decoded then."""
        self._watch.step(self._of - self.left, self._of)
        if self._watch.wants_preview():
            picture = self.model.preview.look(painting.latents)
            self._watch.preview(to_jpeg(picture), self._seen(picture))
        if not painting.left:
            self._undeveloped.append(painting)

    def develop(self, darkroom: Darkroom) -> None:
        """Begin to decode the first painting that is to be decoded."""
        painting = self._undeveloped.popleft()
        self._developing[painting] = darkroom.develop(painting)

    def keep_developed(self) -> None:
        """Keep what was decoded, and write what is complete."""
        for painting in [painting for painting, development in self._developing.items() if development.ready]:
            development = self._developing.pop(painting)
            self.seconds += development.seconds
            canvas = next(canvas for canvas in self._canvases if painting in canvas.paintings)
            canvas.keep(painting, development.picture())
        self._write_complete()

    def drawing(self) -> Drawing:
        """Return what was drawn, once all is done."""
        told = self._fingerprint()
        return Drawing(
            pictures=tuple(replace(self._written[index], fingerprint=told) for index in range(len(self._canvases))),
            seconds=self.seconds,
            truncated=next(filter(None, map(self.model.reader.overflow, self._attempt.request.prompts)), ""),
        )

    def _fingerprint(self) -> dict[str, str]:
        """Return all that decided the bytes of its pictures besides the request."""
        rows, kernels = "+".join(map(str, sorted(self.widths))) or "0", "+".join(sorted(self.kernels))
        return self.model.fingerprint | {"rows": rows} | ({"kernels": kernels} if kernels else {}) | self._decoding

    def _set_up(self, request: ImageRequest) -> list[Canvas]:
        if isinstance(self.model.checkpoint, UpscalerCheckpoint):
            return enlarge(self.model, request, self._attempt.source_path)
        material = Material.of(self._attempt, self.model.upscaler)
        return [self._canvas(single, material) for single in request.singles()]

    def _canvas(self, single: ImageRequest, material: Material) -> Canvas:
        """Return the canvas of one picture."""
        if material.untouched is not None and single.strength == 0:
            return Canvas.given(material.untouched)
        strength = 1.0 if single.strength is None else single.strength
        schedule, told = Schedule(self.model, single, strength), self.model.reader.condition(single)

        def paint(noise: Noise, over: tuple[Picture, ...], size: tuple[int, int]) -> Painting:
            return Painting(self.model, schedule, told, noise, size=size, over=over, mask=material.mask)

        if single.task is Task.UPSCALE:
            (enlarged,), side = material.over, self.model.checkpoint.native_side
            return Canvas.tiled(
                enlarged, side, single.seed, lambda seed, tile: paint(Noise(seed), (tile,), size_of(tile))
            )
        painting = paint(Noise.of(single), material.over, (single.width, single.height))
        return Canvas.whole(painting, material.join)

    def _write_complete(self) -> None:
        for index, (canvas, seed) in enumerate(zip(self._canvases, self._attempt.request.seeds, strict=True)):
            if canvas.complete and index not in self._written:
                self._written[index] = self._write(index, seed, canvas.picture())

    def _write(self, index: int, seed: int, picture: Picture) -> Pixels:
        height, width, _ = picture.shape
        return Pixels(
            path=pictures.write(picture, self._attempt.spool, index),
            seed=seed,
            width=width,
            height=height,
            seen=self._seen(picture),
            fingerprint=self.model.fingerprint,
        )

    def _seen(self, picture: Picture) -> dict[str, float] | None:
        """Return what the picture check sees; None where the checkpoint's world is closed."""
        check = self.model.picture_check
        return None if check is None else check.look(picture)


def check(model: Model, request: ImageRequest) -> None:
    """Raise Unfeasible where the checkpoint cannot do what is asked for."""
    checkpoint = model.checkpoint
    if isinstance(checkpoint, UpscalerCheckpoint):
        check_enlarging(checkpoint, request)
    if request.sampler not in checkpoint.samplers:
        raise Unfeasible(f"{checkpoint.name} does not draw with {request.sampler}")
    if request.width * request.height > checkpoint.max_pixels and request.task is not Task.UPSCALE:
        raise Unfeasible(f"{checkpoint.name} draws at most {checkpoint.max_pixels} pixels")
