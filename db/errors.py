"""What can be wrong with the database, in words for the operator."""

from sqlalchemy.exc import DBAPIError

from config.settings import ConfigError

ENDED = ("08", "57P")  #: SQLSTATE classes: connection exceptions, and a server that shuts down or starts up


class DatabaseUnreachable(ConfigError):
    """The database does not answer, or does not let us in."""


class DatabaseInUse(ConfigError):
    """Another bot serves this database."""


class DatabaseTooNew(ConfigError):
    """The database was made by a newer version of this program."""


class DatabaseAway(OSError):
    """The database's server does not answer at present."""


class HoldLost(DatabaseAway):
    """Another bot may serve this database by now, so nothing is written to it: at present, or any more."""

    def __init__(self) -> None:
        super().__init__("the database is not surely ours at present, and nothing is written to it")


def is_away(error: BaseException) -> bool:
    """Say whether an error comes of a database that is away for a while, and of nothing else."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, DatabaseAway)
    return error.connection_invalidated or str(getattr(error.orig, "sqlstate", "")).startswith(ENDED)
