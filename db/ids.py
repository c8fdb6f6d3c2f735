"""Short public names for records: ten characters of Crockford's base 32 (https://www.crockford.com/base32.html)."""

from secrets import choice

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
_LOOKALIKES = str.maketrans("ILO", "110")


def new_record_id() -> str:
    """Return a random id: 50 bits, so that nobody finds private pictures by guessing."""
    return "".join(choice(ALPHABET) for _ in range(LENGTH))


def is_record_id(text: str) -> bool:
    """Say whether it is an id as it is stored."""
    return len(text) == LENGTH and set(text) <= set(ALPHABET)


def tidy_record_id(text: str) -> str:
    """Return what somebody typed as it would be stored: upper case, lookalikes read as digits."""
    return text.strip().replace("-", "").upper().translate(_LOOKALIKES)
