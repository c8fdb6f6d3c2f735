"""A record's id as bits that survive damage: a checksum says whether they did, a Golay code mends them.

Fifty bits of id and a checksum of 22 make six words of twelve bits; the extended binary Golay code
(24, 12, 8) doubles each. It is decoded by comparing the votes with all 4,096 code words.
"""

from functools import cache
from hashlib import sha256
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
LENGTH = 10
ID_BITS, CHECK_BITS, WORD_BITS, CODE_BITS = 50, 22, 12, 24
SIZE = (ID_BITS + CHECK_BITS) // WORD_BITS * CODE_BITS  #: bits of a coded id
GENERATOR = 0b110001110101  # x^11 + x^10 + x^6 + x^5 + x^4 + x^2 + 1
MASK = np.unpackbits(np.frombuffer(sha256(b"record").digest(), np.uint8))[:SIZE]  # one colour is no code word


def encode(record_id: str) -> Bits:
    """Return the 144 bits of an id of ten base-32 characters. Raises ValueError for anything else."""
    if len(record_id) != LENGTH:
        raise ValueError(f"a record id has {LENGTH} characters: {record_id!r}")
    number = sum(ALPHABET.index(character) << 5 * place for place, character in enumerate(reversed(record_id)))
    number = number << CHECK_BITS | _checksum(number)
    words = [number >> WORD_BITS * place & 0xFFF for place in range(SIZE // CODE_BITS)]
    return _codewords()[words].reshape(-1) ^ MASK


def decode(votes: NDArray[np.floating]) -> str | None:
    """Return the id that 144 votes (above 0 for one, below for zero) say, or None where none is said.

    Votes that say nothing pass for an id once in four million times.
    """
    signs = 1 - 2.0 * _codewords()
    words = (signs @ (votes * (2.0 * MASK - 1)).reshape(-1, CODE_BITS).T).argmax(axis=0)
    number = sum(int(word) << WORD_BITS * place for place, word in enumerate(words))
    number, check = divmod(number, 1 << CHECK_BITS)
    if check != _checksum(number):
        return None
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(LENGTH)))


def _checksum(number: int) -> int:
    return crc32(number.to_bytes(7, "big")) >> 32 - CHECK_BITS


@cache
def _codewords() -> Bits:
    """Return the 4,096 code words, by the word that each codes, as rows of 24 bits."""
    words = np.arange(1 << WORD_BITS, dtype=np.uint32) << WORD_BITS - 1
    codes = words | np.array([_remainder(int(word)) for word in words], np.uint32)
    bits = (codes[:, None] >> np.arange(CODE_BITS - 1, dtype=np.uint32) & 1).astype(np.uint8)
    return np.hstack((bits, bits.sum(axis=1, keepdims=True, dtype=np.uint8) & 1))


def _remainder(code: int) -> int:
    for place in range(CODE_BITS - 2, WORD_BITS - 2, -1):
        if code >> place & 1:
            code ^= GENERATOR << place - (WORD_BITS - 1)
    return code
