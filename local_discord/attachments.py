"""Files: kept in memory, handed out at signed addresses that expire."""

import hashlib
import hmac
import mimetypes
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from local_discord.clock import Clock
from local_discord.guild import Json
from local_discord.pictures import sniff

MAX_FILE = 10 * 2**20
MAX_REQUEST = 25 * 2**20
LIFETIME = 24 * 3600
SPOILER = 1 << 3


@dataclass(frozen=True)
class Upload:
    """A file as it came in; `index` is the n of `files[n]`."""

    index: int
    filename: str
    data: bytes
    content_type: str


@dataclass(frozen=True)
class Attachment:
    """A file of a message or of a command's option."""

    id: int
    channel_id: int
    filename: str
    data: bytes
    content_type: str
    description: str | None = None
    title: str | None = None
    width: int | None = None
    height: int | None = None
    spoiler: bool = False

    @property
    def path(self) -> str:
        """Where it lies below the store's own address."""
        return f"/attachments/{self.channel_id}/{self.id}/{self.filename}"


class Attachments:
    """The store. `base` is its own address and is known once the server listens."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._kept: dict[int, Attachment] = {}
        self.base = ""

    def keep(self, attachment_id: int, channel_id: int, upload: Upload, told: Mapping[str, object]) -> Attachment:
        """Take a file in; `told` is what the request says of it (filename, description, title, is_spoiler)."""
        name = safe_name(str(told.get("filename") or upload.filename))
        picture = sniff(upload.data)
        guessed = mimetypes.guess_type(name)[0] or upload.content_type
        description, title = told.get("description"), told.get("title")
        kept = Attachment(
            attachment_id,
            channel_id,
            name,
            upload.data,
            picture.content_type if picture else guessed,
            str(description) if description else None,
            str(title) if title else None,
            picture.width if picture else None,
            picture.height if picture else None,
            bool(told.get("is_spoiler")) or name.startswith("SPOILER_"),
        )
        self._kept[kept.id] = kept
        return kept

    def forget(self, attachment: Attachment) -> None:
        """Let a file go; its addresses answer 404 from now on."""
        self._kept.pop(attachment.id, None)

    def url(self, attachment: Attachment) -> str:
        """A fresh address, good for a day."""
        now = int(self._clock.now())
        issued, expires = f"{now:x}", f"{now + LIFETIME:x}"
        mark = self._mark(attachment.path, issued, expires)
        return f"{self.base}{attachment.path}?ex={expires}&is={issued}&hm={mark}&"

    def open(self, path: str, query: Mapping[str, str]) -> Attachment | None:
        """The file at an address; None when the address is forged or expired, or the file is gone."""
        issued, expires = query.get("is", ""), query.get("ex", "")
        genuine = hmac.compare_digest(self._mark(path, issued, expires).encode(), query.get("hm", "").encode())
        if not genuine or int(expires, 16) < self._clock.now():
            return None
        found = self._kept.get(int(path.split("/")[3]))
        return found if found and found.path == path else None

    def payload(self, attachment: Attachment, *, ephemeral: bool = False) -> Json:
        """The attachment object, with a fresh address."""
        url = self.url(attachment)
        plain: Json = {"id": str(attachment.id), "filename": attachment.filename, "size": len(attachment.data)}
        said = {"description": attachment.description, "title": attachment.title}
        shape = {"width": attachment.width, "height": attachment.height}
        flags = SPOILER if attachment.spoiler else None
        maybe = {**said, **shape, "flags": flags, "ephemeral": ephemeral or None}
        present = {key: value for key, value in maybe.items() if value is not None}
        return {**plain, "url": url, "proxy_url": url, "content_type": attachment.content_type, **present}

    def _mark(self, path: str, issued: str, expires: str) -> str:
        return hmac.new(self._key, f"{path}|{issued}|{expires}".encode(), hashlib.sha256).hexdigest()


def safe_name(name: str) -> str:
    """A file name as Discord keeps it: plain characters only."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name.replace("\\", "/").rsplit("/", 1)[-1])[-260:] or "unknown"
