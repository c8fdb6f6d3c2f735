"""The invisible watermark: the message that other tools look for, and beside it the record's id.

The message lies where the stock decoder of invisible-watermark reads it (136 bits, method dwtDctSvd or, for tools
that know no other, dwtDct, which outlives little), the id in a plane that it does not read.
"""

from enum import StrEnum, unique

import numpy as np

from provenance import record_code
from provenance.carrier import Pixels, U, V

MESSAGE = b"StableDiffusionV1"
BITS = np.unpackbits(np.frombuffer(MESSAGE, np.uint8))
FOUND_AT = 96  #: bits that agree by chance in fewer than one of a million unmarked pictures


@unique
class Method(StrEnum):
    """The methods of invisible-watermark by which the message is written."""

    SVD = "dwtDctSvd"
    DCT = "dwtDct"


def embed(pixels: Pixels, record_id: str, method: Method = Method.SVD) -> Pixels:
    """Return a marked copy of H x W x 3 RGB pixels. Edges beyond a multiple of 8 stay as they are.

    Raises ValueError for an id that is not ten characters of Crockford's base 32.
    """
    marked = np.array(pixels, order="C")
    V.write(marked, record_code.encode(record_id))
    write = U.write if method is Method.SVD else U.write_largest
    write(marked, BITS)
    return marked


def detect(pixels: Pixels, method: Method = Method.SVD) -> int:
    """Return how many of the 136 bits agree with the message: about 68 by chance, FOUND_AT is proof."""
    votes = (U.votes if method is Method.SVD else U.largest_votes)(pixels, BITS.size)
    return int(np.count_nonzero(np.where(BITS, votes > 0, votes < 0)))


def read_record(pixels: Pixels) -> str | None:
    """Return the record's id that the pixels carry; by chance one is read in four million pictures."""
    return record_code.decode(V.votes(pixels, record_code.SIZE))
