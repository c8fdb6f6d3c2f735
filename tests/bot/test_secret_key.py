"""The key of keyed hashes."""

import stat
from pathlib import Path

import pytest

from config.secret_key import keyed_hash, secret_key
from config.settings import ConfigError, load_settings


def test_it_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data")
    key = secret_key(settings)

    assert secret_key(settings) == key
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "key").stat().st_mode) == 0o600


def test_the_environments_key_goes_first_and_is_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGINE_KEY", "sixteen letters!")
    settings = load_settings(data=tmp_path)

    assert secret_key(settings) == b"sixteen letters!"
    assert list(tmp_path.iterdir()) == []
    assert "sixteen" not in repr(settings)


def test_a_key_that_others_may_read_or_that_is_empty_stops_the_start(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("0" * 64)
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        secret_key(load_settings(data=tmp_path))
    file.chmod(0o600)
    file.write_text("")
    with pytest.raises(ConfigError, match="empty"):
        secret_key(load_settings(data=tmp_path))


def test_a_hash_depends_on_the_words_and_on_the_key() -> None:
    words = {"prompt": "a", "negative_prompt": ""}
    other = {"prompt": "", "negative_prompt": "a"}

    assert keyed_hash(words, b"k") == keyed_hash(dict(reversed(words.items())), b"k")
    assert keyed_hash(words, b"k") != keyed_hash(other, b"k")
    assert keyed_hash(words, b"k") != keyed_hash(words, b"l")
