"""The key of this bot's keyed hashes: from the environment, or made once and kept in the data folder."""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.settings import ConfigError, Settings

FILE = "key"
BYTES = 32


def secret_key(settings: Settings) -> bytes:
    """Return the key. Raises ConfigError where its file is empty, or others may read it."""
    if settings.key is not None:
        return settings.key.get_secret_value().encode()
    file = settings.data / FILE
    if not file.exists():
        _make(file)
    if file.stat().st_mode & 0o077:
        raise ConfigError(f"{file}: others may read this key; take their rights away (chmod 600)")
    key = file.read_bytes()
    if not key:
        raise ConfigError(f"{file}: the key is empty; put it back from a backup, or delete the file for a new one")
    return key


def derived_key(key: bytes, purpose: str) -> bytes:
    """Return a key for one purpose alone; what is signed with it is worth nothing for another."""
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()


def keyed_hash(words: Mapping[str, str], key: bytes) -> str:
    """Return the keyed hash by which the same words are known again, and nothing else."""
    text = json.dumps(words, sort_keys=True, ensure_ascii=True)
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()


def _make(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as opened:
        opened.write(secrets.token_hex(BYTES))
