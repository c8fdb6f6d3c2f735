"""Where pictures and rows are kept, as an operator writes it."""

from pathlib import Path

import pytest

from config.settings import ROOT, ConfigError, load_settings


@pytest.mark.parametrize(
    ("pictures", "address"),
    [
        ("{data}/pictures", "/srv/imagine/pictures"),
        ("/mnt/shared", "/mnt/shared"),
        ("beside", str(ROOT / "beside")),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
    ],
)
def test_pictures_lie_in_a_folder_or_in_a_bucket(pictures: str, address: str) -> None:
    assert load_settings(data=Path("/srv/imagine"), pictures=pictures).pictures_address == address


@pytest.mark.parametrize("pictures", ["ftp://host/folder", "s3://", "s3:///prefix"])
def test_another_kind_of_place_is_refused(pictures: str) -> None:
    with pytest.raises(ConfigError, match=r"pictures: .*neither the path of a folder nor s3://bucket/prefix"):
        load_settings(pictures=pictures)


def test_a_standby_needs_a_database_that_two_machines_can_share() -> None:
    with pytest.raises(ConfigError, match="two machines share a PostgreSQL database"):
        load_settings(standby=True)

    assert load_settings(standby=True, database="postgresql+asyncpg://bot@host/imagine").standby
