"""Content credentials: signed, read again, and known when they were changed or are somebody else's."""

import io
import stat
import struct
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import c2pa
import numpy as np
import pytest
from PIL import Image, ImageFilter

from config.settings import ConfigError, Limits, load_settings
from provenance import credentials, png
from provenance.credentials import read, sign_copy, sign_made
from provenance.identity import Identity, WrongIdentity, load_identity, make_identity, today
from provenance.intake import take_in, take_in_signed
from provenance.metadata import PARAMETERS
from provenance.picture import Facts
from provenance.png import unsigned
from provenance.thumbnails import shrink_and_sign

LIMITS = Limits(**load_settings().limits.model_dump())
VERSION = "imagine-bot 0.1.0"


@pytest.fixture(scope="module")
def identity() -> Identity:
    return make_identity(today())


def picture(seed: int = 0, side: int = 256) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    return np.asarray(Image.fromarray(noise).filter(ImageFilter.GaussianBlur(2)))


def saved(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=85)
    return file.getvalue()


def test_a_picture_says_what_made_it_and_by_whom_it_is_signed(identity: Identity, facts: Facts) -> None:
    signed = sign_made(png.encode(picture()), facts, identity)
    found = read(signed, identity)

    assert found is not None
    assert (found.valid, found.ours, found.made_here, found.made_by_a_model) == (True, True, True, True)
    assert (found.generator, found.signer) == (VERSION, "imagine-bot")
    assert (found.actions, found.sources) == (("c2pa.created",), 0)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(signed))), picture())


def test_neither_prompt_nor_anybody_is_in_the_credentials_and_no_second_picture(identity, facts) -> None:
    plain = png.encode(picture())
    added = len(sign_made(plain, facts, identity)) - len(plain)

    assert added < 6_000
    assert b"lighthouse" not in sign_made(plain, facts, identity)


def test_the_signature_is_all_that_differs(identity: Identity, facts: Facts) -> None:
    plain = png.encode(picture(), {PARAMETERS: "a text"})
    first, second = (sign_made(plain, facts, identity) for _ in range(2))

    assert first != second
    assert unsigned(first) == unsigned(second) == unsigned(plain) == plain


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_changed_file_is_no_longer_valid(identity: Identity, facts: Facts, place: float) -> None:
    signed = bytearray(sign_made(png.encode(picture()), facts, identity))
    signed[int(len(signed) * place)] ^= 1
    found = read(bytes(signed), identity)

    assert found is not None
    assert (found.valid, found.ours) == (False, False)


def test_another_picture_under_the_same_credentials_is_not_valid(identity: Identity, facts: Facts) -> None:
    signed = sign_made(png.encode(picture()), facts, identity)
    (start,) = (at for at in range(len(signed)) if signed[at : at + 4] == png.CREDENTIALS)
    (length,) = struct.unpack_from(">I", signed, start - 4)
    other = png.encode(picture(1))
    forged = other[:33] + signed[start - 4 : start + 8 + length] + other[33:]
    found = read(forged, identity)

    assert found is not None
    assert (found.valid, found.ours) == (False, False)


def test_an_impostor_of_the_same_name_is_not_us(identity: Identity, facts: Facts) -> None:
    forged = sign_made(png.encode(picture()), facts, make_identity(today()))
    found = read(forged, identity)

    assert found is not None
    assert (found.signer, found.valid, found.ours) == ("imagine-bot", True, False)


def test_what_was_redrawn_leads_to_its_source(identity: Identity, facts: Facts) -> None:
    first = sign_made(png.encode(picture()), facts, make_identity(today()))
    second = read(sign_made(png.encode(picture(1)), facts, identity, [first]), identity)
    bare = read(sign_made(png.encode(picture(1)), facts, identity, [png.encode(picture())]), identity)

    assert second is not None
    assert (second.actions, second.sources, second.origins) == (("c2pa.opened", "c2pa.edited"), 1, (VERSION,))
    assert bare is not None
    assert (bare.sources, bare.origins, bare.made_by_a_model) == (1, (), True)


def test_what_was_blended_leads_to_all_its_sources(identity: Identity, facts: Facts) -> None:
    ours, bare = sign_made(png.encode(picture()), facts, identity), png.encode(picture(1))
    found = read(sign_made(png.encode(picture(2)), facts, identity, [ours, bare]), identity)

    assert found is not None
    assert (found.valid, found.ours, found.made_here, found.made_by_a_model) == (True, True, True, True)
    assert (found.actions, found.sources) == (("c2pa.created", "c2pa.placed", "c2pa.placed"), 2)
    assert found.origins == (VERSION,)


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "PNG"])
def test_a_copy_of_another_kind_is_signed_and_leads_to_the_original(identity, facts, kind: str) -> None:
    original = sign_made(png.encode(picture()), facts, identity)
    found = read(sign_copy(saved(picture(), kind), original, VERSION, identity), identity)

    assert found is not None
    assert (found.ours, found.made_by_a_model, found.origins) == (True, True, (VERSION,))
    assert found.actions == ("c2pa.opened", "c2pa.transcoded")


def test_a_smaller_file_is_signed_while_there_is_room_for_it(identity: Identity, facts: Facts) -> None:
    original = sign_made(png.encode(picture(side=512)), facts, identity)
    assert shrink_and_sign(original, len(original), VERSION, identity) == (original, "png")
    for limit, is_signed in ((60_000, True), (6_000, False)):
        smaller, kind = shrink_and_sign(original, limit, VERSION, identity)

        assert (kind, len(smaller) <= limit) == ("webp", True)
        assert (read(smaller, identity) is not None) is is_signed


def test_credentials_of_what_people_send_are_kept_and_nothing_else_of_their_files(identity, facts) -> None:
    theirs = sign_made(png.encode(picture(), {PARAMETERS: "at 48.1 north"}), facts, make_identity(today()))
    kept = take_in_signed(theirs, LIMITS, VERSION, identity)
    found = read(kept.png, identity)

    assert found is not None
    assert (found.ours, found.sources, found.origins) == (True, 1, (VERSION,))
    assert not found.made_here
    assert b"48.1" not in kept.png
    assert unsigned(kept.png) == take_in(theirs, LIMITS).png
    bare = saved(picture(), "JPEG")
    assert take_in_signed(bare, LIMITS, VERSION, identity) == take_in(bare, LIMITS)


def photograph(source: bytes | None = None) -> bytes:
    """Return a picture as a camera or an editor may sign it: with a thumbnail, and the place where it was taken."""
    thumbnail = saved(picture(2, 32), "JPEG")
    taken = {"label": "stds.exif", "data": {"exif:GPSLatitude": "48,8.1N"}, "kind": "Json"}
    done = [
        {"action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}
    ]
    if source is not None:
        done = [{"action": "c2pa.opened", "parameters": {"ingredientIds": ["source"]}}]
    manifest = {
        "title": "taken",
        "claim_generator_info": [{"name": "camera", "version": "1"}],
        "thumbnail": {"format": "image/jpeg", "identifier": "small.jpg"},
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": done}}, taken],
    }
    signed = io.BytesIO()
    with c2pa.Builder(manifest, credentials._context()) as builder:
        builder.add_resource("small.jpg", io.BytesIO(thumbnail))
        if source is not None:
            builder.add_ingredient(
                '{"title": "s", "relationship": "parentOf", "label": "source"}', "image/png", io.BytesIO(source)
            )
        signer = credentials._signer(make_identity(today()))
        builder.sign(signer, "image/png", io.BytesIO(png.encode(picture())), signed)
    assert thumbnail in signed.getvalue()
    return signed.getvalue()


@pytest.mark.parametrize("edited", [False, True])
def test_neither_places_nor_small_pictures_come_along_with_somebodys_credentials(identity, facts, edited: bool) -> None:
    theirs = photograph(photograph() if edited else None)
    kept = take_in_signed(theirs, LIMITS, VERSION, identity).png
    made = sign_made(png.encode(picture(1)), facts, identity, [kept])

    for file in (kept, made):
        found = read(file, identity)
        assert found is not None
        assert found.ours
        assert b"GPSLatitude" not in file
        assert saved(picture(2, 32), "JPEG") not in file
    assert read(kept, identity).origins == ("camera 1",)


@pytest.mark.parametrize("data", [b"", b"\x89PNG" + b"junk" * 50, b"RIFF" + b"\0" * 40, b"\xff\xd8\xff\xe0", b"GIF89a"])
def test_rubbish_has_no_credentials(data: bytes) -> None:
    assert read(data) is None


def test_an_identity_is_made_once_and_its_key_is_its_owners_alone(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    made = load_identity(settings)
    key = tmp_path / "credentials" / "key.pem"

    assert load_identity(settings) == made
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "PRIVATE" not in repr(made)
    key.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read"):
        load_identity(settings)


def test_the_operators_own_identity_goes_first(tmp_path: Path, identity: Identity) -> None:
    files = {"certificates": tmp_path / "chain.pem", "key": tmp_path / "own.pem"}
    for name, file in files.items():
        file.write_text(getattr(identity, name))
        file.chmod(0o600)

    assert load_identity(load_settings(data=tmp_path / "data", credentials=files)) == identity
    assert not (tmp_path / "data").exists()
    with pytest.raises(ConfigError, match="both, or none"):
        load_settings(credentials={"key": files["key"]})
    files["certificates"].unlink()
    with pytest.raises(ConfigError, match="cannot sign"):
        load_identity(load_settings(data=tmp_path / "data", credentials=files))


def test_an_identity_that_cannot_sign_is_told(identity: Identity) -> None:
    other = make_identity(today())
    for wrong, reason in (
        (replace(identity, key="no key"), "no PEM text"),
        (replace(identity, certificates=""), "no PEM text"),
        (replace(identity, key=other.key), "of another key"),
    ):
        with pytest.raises(WrongIdentity, match=reason):
            wrong.check(today())
    with pytest.raises(WrongIdentity, match="in force until"):
        identity.check(today() + timedelta(days=4_000))
