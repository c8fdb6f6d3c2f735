"""What goes along between machines that share no disk: the files of an attempt, and the pictures that come of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from inference.protocol import Attempt, Done

LIMIT = 256 * 2**20  # bytes: four pictures of 4096 x 4096 are 201 MB


class TooLarge(Exception):
    """The files of an attempt are more than a machine is to take at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """An attempt with the bytes of the files that it names, by their paths."""

    attempt: Attempt
    files: dict[str, bytes]

    @classmethod
    def pack(cls, attempt: Attempt) -> Self:
        """Read the attempt's files. Raises OSError and TooLarge."""
        named = (attempt.source_path, attempt.mask_path, *attempt.blended_paths)
        paths = list(dict.fromkeys(path for path in named if path is not None))
        return cls(attempt=attempt, files=dict(zip(paths, _read(paths), strict=True)))

    def unpack(self, folder: Path) -> Attempt:
        """Write the files into the folder, which becomes the spool; return the attempt that names them there."""
        places: dict[str | None, str] = {}
        for number, (path, content) in enumerate(self.files.items()):
            place = folder / f"given-{number}{Path(path).suffix}"
            place.write_bytes(content)
            places[path] = str(place)
        return replace(
            self.attempt,
            source_path=places.get(self.attempt.source_path),
            mask_path=places.get(self.attempt.mask_path),
            blended_paths=tuple(places[path] for path in self.attempt.blended_paths),
            spool=str(folder),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The end of an attempt with the bytes of its pictures, in their order."""

    done: Done
    files: tuple[bytes, ...]

    @classmethod
    def pack(cls, done: Done) -> Self:
        """Read the pictures. Raises OSError and TooLarge."""
        return cls(done=done, files=tuple(_read([picture.path for picture in done.pictures])))

    def unpack(self, spool: Path) -> Done:
        """Write the pictures into the attempt's spool; return the end that names them there."""
        pictures = []
        for picture, content in zip(self.done.pictures, self.files, strict=True):
            place = spool / Path(picture.path).name
            place.write_bytes(content)
            pictures.append(replace(picture, path=str(place)))
        return replace(self.done, pictures=tuple(pictures))


def _read(paths: Iterable[str]) -> list[bytes]:
    files = [Path(path) for path in paths]
    size = sum(file.stat().st_size for file in files)
    if size > LIMIT:
        raise TooLarge(f"{size} bytes of files; {LIMIT} is the most")
    return [file.read_bytes() for file in files]
