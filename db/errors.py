"""What can be wrong with the database, in words for the operator."""

from config.settings import ConfigError


class DatabaseUnreachable(ConfigError):
    """The database does not answer, or does not let us in."""


class DatabaseInUse(ConfigError):
    """Another bot serves this database."""


class DatabaseTooNew(ConfigError):
    """The database was made by a newer version of this program."""


class HoldLost(OSError):
    """Another bot may serve this database by now, so nothing is written to it: at present, or any more."""

    def __init__(self) -> None:
        super().__init__("the database is not surely ours at present, and nothing is written to it")
