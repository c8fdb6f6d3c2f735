"""Content credentials: a signed C2PA manifest in a picture's file, written last and read again.

What is signed says what a picture was made by and from, never what was asked for nor by whom.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any

import c2pa

from provenance.identity import Identity
from provenance.metadata import MADE_BY_A_MODEL, REDRAWN_BY_A_MODEL
from provenance.picture import Facts

MIMES = {b"\x89PNG": "image/png", b"RIFF": "image/webp", b"\xff\xd8\xff": "image/jpeg"}
SOURCE = "source"
MADE = frozenset(("c2pa.created", "c2pa.edited", "c2pa.transcoded"))
KEPT = ("c2pa.actions", "c2pa.hash.", "c2pa.ingredient")  # how a picture was made, and from what
PERSONAL = "c2pa.PII.present"
VALID, TRUSTED = "Valid", "Trusted"  # of the C2PA library
# A thumbnail in each manifest would be a second copy of the picture; nothing is fetched from anywhere.
SETTINGS: dict[str, Any] = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"verify_after_sign": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a file's credentials say. `valid`: nothing was changed since they were signed; `ours`: by this bot.

    `signer` is the name in the certificate, which anybody can write into one of their own. A model may have taken part
    now or in what it was made from. `sources` counts the pictures it was made from, `origins` names who made those of
    them that have credentials.
    """

    valid: bool
    ours: bool
    generator: str
    signer: str
    made_by_a_model: bool
    actions: tuple[str, ...]
    sources: int
    origins: tuple[str, ...]

    @property
    def made_here(self) -> bool:
        """Whether this bot made it, by its own word: what it only took in it signs as opened, and no more."""
        return self.ours and not MADE.isdisjoint(self.actions)


def sign_made(png: bytes, facts: Facts, identity: Identity, sources: Sequence[bytes] = ()) -> bytes:
    """Return a picture's file with credentials: created by a checkpoint, redrawn from a source's file, or from several.

    Of several none is the parent, of which there is one at most (C2PA 2.2, 11.3): they are components.
    """
    agent = {"name": facts.checkpoint, "version": facts.checkpoint_hash or "unknown"}
    if len(sources) == 1:
        edited = {"action": "c2pa.edited", "digitalSourceType": REDRAWN_BY_A_MODEL, "softwareAgent": agent}
        actions = [_opened(), edited]
    else:
        kind = REDRAWN_BY_A_MODEL if sources else MADE_BY_A_MODEL
        created = {"action": "c2pa.created", "digitalSourceType": kind, "softwareAgent": agent}
        placed = [_done("c2pa.placed", _label(number)) for number in range(len(sources))]
        actions = [created, *placed]
    return _signed(png, f"imagine-{facts.record_id}", facts.version, actions, identity, sources)


def sign_composite(file: bytes, title: str, version: str, identity: Identity) -> bytes:
    """Return a sheet that shows pictures made by a model, with credentials that say so; those of each are its own."""
    name, _, number = version.partition(" ")
    agent = {"name": name, "version": number or "unknown"}
    made = {"action": "c2pa.created", "digitalSourceType": REDRAWN_BY_A_MODEL, "softwareAgent": agent}
    return _signed(file, title, version, [made], identity)


def sign_copy(file: bytes, original: bytes, version: str, identity: Identity) -> bytes:
    """Return another file of a picture, such as a smaller one, with credentials that lead to the original's."""
    return _signed(file, "copy", version, [_opened(), {"action": "c2pa.transcoded"}], identity, [original])


def sign_taken_in(file: bytes, original: bytes, version: str, identity: Identity) -> bytes:
    """Return what was taken of somebody's file, with credentials that lead to theirs; none says that we made it."""
    return _signed(file, "source", version, [_opened()], identity, [original])


def read(file: bytes, identity: Identity | None = None) -> Credentials | None:
    """Return what the credentials in a PNG, WebP or JPEG file say, None where there are none that can be read.

    They are ours where the identity's own certificates vouch for them, and the number of the signer's is that of ours.
    """
    reader = _reader(file, identity)
    if reader is None:
        return None
    with reader:
        store, state = json.loads(reader.json()), reader.get_validation_state()
    serial = store["manifests"][store["active_manifest"]].get("signature_info", {}).get("cert_serial_number")
    ours = identity is not None and state == TRUSTED and serial == identity.serial
    return _told(store, valid=state in (VALID, TRUSTED), ours=ours)


def mime_of(file: bytes) -> str | None:
    """Return what kind of picture a file is by its first bytes, None for kinds that carry no credentials here."""
    return next((mime for start, mime in MIMES.items() if file.startswith(start)), None)


def _reader(file: bytes, identity: Identity | None) -> c2pa.Reader | None:
    mime, anchors = mime_of(file), "" if identity is None else identity.certificates
    try:
        return None if mime is None else c2pa.Reader(mime, BytesIO(file), context=_context(anchors))
    except c2pa.C2paError:  # there are none, or what is there cannot be read
        return None


def _signed(
    file: bytes,
    title: str,
    version: str,
    actions: Sequence[dict[str, Any]],
    identity: Identity,
    sources: Sequence[bytes] = (),
) -> bytes:
    mime = mime_of(file)
    assert mime is not None, "what we write is one of these"
    name, _, number = version.partition(" ")
    telling = list(dict.fromkeys(place for source in sources for place in _telling(source)))
    redacted = [{"action": "c2pa.redacted", "reason": PERSONAL, "parameters": {"redacted": each}} for each in telling]
    manifest = {
        "title": title,
        "claim_generator_info": [{"name": name, "version": number or "unknown"}],
        "redactions": telling,
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [*actions, *redacted]}}],
    }
    signed = BytesIO()
    with c2pa.Builder(manifest, _context()) as builder:
        for place, source in enumerate(sources):
            relationship = "parentOf" if len(sources) == 1 else "componentOf"
            ingredient = {"title": SOURCE, "relationship": relationship, "label": _label(place)}
            builder.add_ingredient(json.dumps(ingredient), mime_of(source) or "image/png", BytesIO(source))
        builder.sign(_signer(identity), mime, BytesIO(file), signed)
    return signed.getvalue()


def _label(number: int) -> str:
    """Return the name by which actions refer to a source."""
    return f"{SOURCE}-{number}" if number else SOURCE


def _telling(source: bytes) -> list[str]:
    """Return the places of what a source's credentials hold besides how it was made: thumbnails, EXIF, names, words.

    Nobody has looked at them, and they may say where and by whom a photograph was taken.
    """
    reader = _reader(source, None)
    if reader is None:
        return []
    with reader:
        manifests = json.loads(reader.detailed_json())["manifests"]
    return [
        f"self#jumbf=/c2pa/{label}/c2pa.assertions/{name}"
        for label, manifest in manifests.items()
        for name in manifest["assertion_store"]
        if not name.startswith(KEPT)
    ]


def _opened() -> dict[str, Any]:
    return _done("c2pa.opened", SOURCE)


def _done(action: str, label: str) -> dict[str, Any]:
    return {"action": action, "parameters": {"ingredientIds": [label]}}


@cache
def _context(anchors: str = "") -> c2pa.Context:
    return c2pa.Context(c2pa.Settings.from_dict(SETTINGS | ({"trust": {"user_anchors": anchors}} if anchors else {})))


@cache
def _signer(identity: Identity) -> c2pa.Signer:
    make: Any = c2pa.C2paSignerInfo
    info = make(b"es256", identity.certificates.encode(), identity.key.encode(), None)
    return c2pa.Signer.from_info(info)


def _told(store: dict[str, Any], *, valid: bool, ours: bool) -> Credentials:
    manifests = store["manifests"]
    manifest = manifests[store["active_manifest"]]
    signature, ingredients = manifest.get("signature_info", {}), manifest.get("ingredients", [])
    kinds = {action.get("digitalSourceType") for each in manifests.values() for action in _actions(each)}
    origins = [
        _generator(manifests[name]) for each in ingredients if (name := each.get("active_manifest")) in manifests
    ]
    return Credentials(
        valid=valid,
        ours=ours,
        generator=_generator(manifest),
        signer=signature.get("common_name") or signature.get("issuer") or "",
        made_by_a_model=bool(kinds & {MADE_BY_A_MODEL, REDRAWN_BY_A_MODEL}),
        actions=tuple(action["action"] for action in _actions(manifest)),
        sources=len(ingredients),
        origins=tuple(origins),
    )


def _actions(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [action for each in manifest.get("assertions", []) for action in each.get("data", {}).get("actions", [])]


def _generator(manifest: dict[str, Any]) -> str:
    made = (manifest.get("claim_generator_info") or [{}])[0]
    return f"{made.get('name', '')} {made.get('version', '')}".strip() or manifest.get("claim_generator", "")
