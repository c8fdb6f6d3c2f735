"""Discord's errors: an HTTP status, a JSON code, a message, and the nested places of a bad form."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Path = tuple[str | int, ...]
Check = Callable[[Any, Path, "Form"], None]


class ApiError(Exception):
    """An answer other than success, in Discord's form."""

    def __init__(
        self, status: int, code: int, message: str, *, errors: Mapping[str, object] | None = None, **more: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self._errors = errors
        self._more = more

    def body(self) -> dict[str, object]:
        """The JSON body of the answer."""
        body: dict[str, object] = {"message": self.message, "code": self.code, **self._more}
        return {**body, "errors": self._errors} if self._errors else body


class FormError(ApiError):
    """50035 Invalid Form Body."""

    def __init__(self, problems: Iterable[tuple[Path, str, str]]) -> None:
        super().__init__(400, 50035, "Invalid Form Body", errors=nest(problems))


class Form:
    """Collects what is wrong with a body, so that one answer names it all."""

    def __init__(self) -> None:
        self._problems: list[tuple[Path, str, str]] = []

    def wrong(self, path: Path, code: str, message: str) -> None:
        """Note one problem."""
        self._problems.append((path, code, message))

    def passes(self, check: Check, value: Any, path: Path) -> bool:
        """Run a check; whether it found nothing wrong."""
        before = len(self._problems)
        check(value, path, self)
        return len(self._problems) == before

    def finish(self) -> None:
        """Raise FormError when anything was wrong."""
        if self._problems:
            raise FormError(self._problems)


def nest(problems: Iterable[tuple[Path, str, str]]) -> dict[str, object]:
    """Problems by path as Discord nests them: `{"embeds": {"0": {"title": {"_errors": [...]}}}}`."""
    tree: dict[str, object] = {}
    for path, code, message in problems:
        place = tree
        for step in path:
            place = _child(place, str(step))
        found = place.setdefault("_errors", [])
        assert isinstance(found, list)
        found.append({"code": code, "message": message})
    return tree


def _child(place: dict[str, object], step: str) -> dict[str, object]:
    child = place.setdefault(step, {})
    assert isinstance(child, dict)
    return child


def unauthorized() -> ApiError:
    """No token, or not the bot's."""
    return ApiError(401, 0, "401: Unauthorized")


def not_found() -> ApiError:
    """No such route."""
    return ApiError(404, 0, "404: Not Found")


def method_not_allowed() -> ApiError:
    """The route is there, the method is not."""
    return ApiError(405, 0, "405: Method Not Allowed")


def unknown(what: str) -> ApiError:
    """A thing that does not exist, by its name in Discord's list of codes."""
    return ApiError(404, UNKNOWN[what], f"Unknown {what}")


UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


def missing_access() -> ApiError:
    """The place cannot be seen at all."""
    return ApiError(403, 50001, "Missing Access")


def missing_permissions() -> ApiError:
    """The place can be seen, the act is not allowed there."""
    return ApiError(403, 50013, "Missing Permissions")


def takes_no_direct_messages() -> ApiError:
    """The person has closed their direct messages."""
    return ApiError(403, 50007, "Cannot send messages to this user")


def empty_message() -> ApiError:
    """Neither words nor embeds nor files nor components."""
    return ApiError(400, 50006, "Cannot send an empty message")


def too_large() -> ApiError:
    """An upload above the limit."""
    return ApiError(413, 40005, "Request entity too large")


def already_acknowledged() -> ApiError:
    """A second answer to one interaction."""
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def invalid_webhook_token() -> ApiError:
    """A forged or expired interaction token."""
    return ApiError(401, 50027, "Invalid Webhook Token")
