"""How logs are written, for people or for programs; every line says to which job it belongs.

Lines hold ids and errors, never tokens and never prompts.
"""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum, unique
from types import MappingProxyType, TracebackType
from typing import IO

from pythonjsonlogger.json import JsonFormatter

log = logging.getLogger(__name__)

SUBJECTS = ("job", "attempt", "worker", "guild")

_subjects: ContextVar[Mapping[str, str]] = ContextVar("subjects", default=MappingProxyType({}))


@unique
class LogStyle(StrEnum):
    """For whom a log is written."""

    TEXT = "text"  #: for people: a line of words, then its subjects in brackets
    JSON = "json"  #: for programs: an object a line, its subjects among its fields


@contextmanager
def about(**subjects: object) -> Iterator[None]:
    """Let every line that is written within the block name these subjects; what is None is left out.

    They are ids and written as strings: Discord's have more bits than other programs' numbers.
    """
    known = {name: str(subject) for name, subject in subjects.items() if subject is not None}
    token = _subjects.set(MappingProxyType({**_subjects.get(), **known}))
    try:
        yield
    finally:
        _subjects.reset(token)


def set_up(style: LogStyle, level: int) -> None:
    """Write this process's log to standard error in that style.

    For programs that is also what Python would write itself: warnings, and the exception that ends the process.
    """
    logging.basicConfig(level=level, handlers=[handler(style, sys.stderr)])
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # which tells of itself at every start
    if style is LogStyle.JSON:
        logging.captureWarnings(True)
        sys.excepthook = _log_the_end


def handler(style: LogStyle, stream: IO[str]) -> logging.Handler:
    """Return what writes to a stream in that style."""
    writes = logging.StreamHandler(stream)
    writes.setFormatter(_formatter(style))
    writes.addFilter(_name_subjects)
    return writes


def style_here() -> LogStyle:
    """Return the style of this process's log."""
    formatters = (each.formatter for each in logging.getLogger().handlers)
    return LogStyle.JSON if any(isinstance(each, JsonFormatter) for each in formatters) else LogStyle.TEXT


def relay(line: str, logger: logging.Logger) -> None:
    """Write a line of another process's log into ours; the logger is for what is in no style."""
    try:
        told = json.loads(line)
        name, level, message = str(told["logger"]), str(told["level"]), str(told["message"])
    except (ValueError, TypeError, KeyError):
        logger.info("%s", line)
        return
    trace = told.get("exc_info")
    with about(**{subject: told.get(subject) for subject in SUBJECTS}):
        level_number = logging.getLevelNamesMapping().get(level, logging.INFO)
        logging.getLogger(name).log(level_number, "%s", f"{message}\n{trace}" if trace else message)


def _formatter(style: LogStyle) -> logging.Formatter:
    if style is LogStyle.JSON:
        names = {"levelname": "level", "name": "logger"}
        return JsonFormatter(["levelname", "name", "message"], rename_fields=names, timestamp="time")
    return _TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


class _TextFormatter(logging.Formatter):
    """Puts a line's subjects behind its message."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        line = super().formatMessage(record)
        named = " ".join(f"{name}={getattr(record, name)}" for name in SUBJECTS if hasattr(record, name))
        return f"{line} [{named}]" if named else line


def _log_the_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    log.critical("ended by %s", kind.__name__, exc_info=(kind, error, trace))


def _name_subjects(record: logging.LogRecord) -> bool:
    vars(record).update(_subjects.get())
    return True
