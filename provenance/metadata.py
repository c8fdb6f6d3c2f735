"""What a picture's file says of its making: the `parameters` text of the common web UI, and XMP.

The text is written and read by the rules of AUTOMATIC1111/stable-diffusion-webui, processing.py and
infotext_utils.py; the digital source type is that of IPTC's photo metadata standard 2023.1.
"""

import json
import re
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from PIL import ExifTags, Image

from provenance.picture import Facts

PARAMETERS = "parameters"
XMP = "XML:com.adobe.xmp"
MADE_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
REDRAWN_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"

_UNICODE = b"UNICODE\0"  # EXIF 2.3, table 9: a comment begins with its encoding
_ASCII = b"ASCII\0\0\0"
_NEGATIVE = "Negative prompt:"
_SETTING = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_FEWEST_SETTINGS = 3  # a last line with fewer is taken for prompt


def parameters(facts: Facts) -> str:
    """Return prompt, negative prompt and settings, as the web UI writes them under its pictures."""
    sampler, karras, _ = facts.sampler.partition(" Karras")
    settings = {
        "Steps": facts.num_inference_steps,
        "Sampler": sampler,
        "Schedule type": "Karras" if karras else None,
        "CFG scale": facts.guidance_scale,
        "Seed": facts.seed,
        "Size": f"{facts.width}x{facts.height}",
        "Model hash": facts.checkpoint_hash and facts.checkpoint_hash[:10],
        "Model": facts.checkpoint,
        "Denoising strength": facts.strength,
        "Record": facts.record_id,
        "Version": facts.version,
    }
    lines = [", ".join(f"{name}: {_quote(value)}" for name, value in settings.items() if value is not None)]
    if facts.publish_prompt:
        negative = f"{_NEGATIVE} {facts.negative_prompt}" if facts.negative_prompt else None
        lines = [facts.prompt, *filter(None, [negative]), *lines]
    return "\n".join(lines).strip()


def _quote(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",\n:") else text


def parse(text: str) -> dict[str, str]:
    """Return the settings by name, with "Prompt" and "Negative prompt", as the web UI reads them.

    A size stays one value ("512x768") here.
    """
    *lines, last = text.strip().split("\n")
    if len(_SETTING.findall(last)) < _FEWEST_SETTINGS:
        lines, last = [*lines, last], ""
    prompt, negative = _split_prompts([line.strip() for line in lines])
    settings = {name: _unquote(value) for name, value in _SETTING.findall(last)}
    return {"Prompt": prompt, _NEGATIVE.rstrip(":"): negative} | settings


def wanted_and_unwanted(text: str) -> tuple[str, str]:
    """Return what a file's text asks for, settings included, and what its negative prompt asks to leave out."""
    said = parse(text)
    unwanted = said.pop(_NEGATIVE.rstrip(":"))
    return "\n".join(filter(None, said.values())), unwanted


def _split_prompts(lines: list[str]) -> tuple[str, str]:
    starts = [index for index, line in enumerate(lines) if line.startswith(_NEGATIVE)]
    first = starts[0] if starts else len(lines)
    negative = [line.removeprefix(_NEGATIVE).strip() for line in lines[first:]]
    return "\n".join(lines[:first]).lstrip("\n"), "\n".join(negative).lstrip("\n")


def _unquote(value: str) -> str:
    if not (value.startswith('"') and value.endswith('"')):
        return value
    try:
        return str(json.loads(value))
    except ValueError:
        return value


def to_exif(text: str | None) -> bytes:
    """Return EXIF with the parameters as user comment, where the web UI keeps them in WebP and JPEG."""
    exif = Image.Exif()
    if text:
        comment = _UNICODE + text.encode("utf-16-be", "replace")
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = comment
    return exif.tobytes() if text else b""


def from_exif(exif: Image.Exif) -> str | None:
    """Return the user comment, if there is one."""
    comment = exif.get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    return None if comment is None else readable(comment)


def readable(comment: Any) -> str:
    """Return a comment as text; EXIF names its encoding in the first eight bytes."""
    if not isinstance(comment, bytes):
        return str(comment)
    if comment.startswith(_UNICODE):
        return comment.removeprefix(_UNICODE).decode("utf-16-be", "replace")
    return comment.removeprefix(_ASCII).decode("utf-8", "replace").strip("\0 ")


def xmp(facts: Facts) -> str:
    """Return the XMP packet that says a model made the picture."""
    return _packet(MADE_BY_A_MODEL, facts.version, facts.record_id)


def composite_xmp(version: str, title: str) -> str:
    """Return the XMP packet of a sheet that shows pictures made by a model."""
    return _packet(REDRAWN_BY_A_MODEL, version, title)


def _packet(source_type: str, tool: str, identifier: str) -> str:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        f" Iptc4xmpExt:DigitalSourceType={quoteattr(source_type)} xmp:CreatorTool={quoteattr(tool)}>"
        f"<dc:identifier>{escape(identifier)}</dc:identifier>"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
