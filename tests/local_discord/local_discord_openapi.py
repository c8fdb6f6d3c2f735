"""Discord's own description of its API, with what is known to be wrong in it put right."""

import copy
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

SPEC = Path(__file__).parents[3] / "shared" / "discord" / "openapi.json"
needs_spec = pytest.mark.skipif(not SPEC.exists(), reason=f"Discord's openapi.json is not at {SPEC}")

_NAME = "urn:discord"
_ASKED = "urn:discord:requests"


def _corrected(spec: dict[str, Any]) -> dict[str, Any]:
    """Where the written documentation and the description disagree, the documentation wins."""
    schemas = spec["components"]["schemas"]
    schemas["MessageAttachmentRequest"]["properties"]["id"] = {"type": ["string", "integer"]}
    for name in ("CreateRequest", "UpdateRequest", "PatchRequestPartial"):
        name = f"ApplicationCommand{name}"
        schemas[name]["properties"]["nsfw"] = {"type": "boolean"}
        schemas[name]["properties"]["default_member_permissions"] = {"type": ["string", "integer", "null"]}
    field_error = {"code": {"type": ["string", "integer"]}, "message": {"type": "string"}}
    inner = {"type": "object", "properties": field_error, "required": ["code", "message"]}
    schemas["InnerErrors"]["properties"]["_errors"]["items"] = inner
    return spec


@cache
def _spec() -> dict[str, Any]:
    return _corrected(json.loads(SPEC.read_text()))


@cache
def _registry() -> Registry[Any]:
    """The answers' schemas under one name, the requests' under another: ids may be sent as numbers too."""
    asked = copy.deepcopy(_spec())
    asked["components"]["schemas"]["SnowflakeType"] = {"type": ["string", "integer"], "pattern": "^(0|[1-9][0-9]*)$"}
    named = [(_NAME, _spec()), (_ASKED, asked)]
    return Registry().with_resources((name, Resource(spec, DRAFT202012)) for name, spec in named)


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Paths as patterns, the ones with the fewest variables first."""
    ordered = sorted(_spec()["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + r"\Z"), path) for path in ordered]


def _problems(pointer: str, value: Any, name: str = _NAME) -> list[str]:
    validator = Draft202012Validator({"$ref": f"{name}#{pointer}"}, registry=_registry())
    return [_told(error) for error in validator.iter_errors(value)]


def _told(error: Any) -> str:
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return f"{error.json_path}: {error.message[:300]}"


def _operation(method: str, path: str) -> str | None:
    for pattern, template in _templates():
        if pattern.match(path) and method.lower() in _spec()["paths"][template]:
            return template
    return None


def _pointer(*steps: str) -> str:
    return "/" + "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)


def request_problems(method: str, path: str, body: Any) -> list[str]:
    """What is wrong with a request's JSON; `path` starts below /api/v10."""
    template = _operation(method, path)
    if template is None:
        return [f"no such operation: {method} {path}"]
    content = _spec()["paths"][template][method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" not in content or body is None:
        return []
    place = _pointer("paths", template, method.lower(), "requestBody", "content", "application/json", "schema")
    return _problems(place, body, _ASKED)


def response_problems(method: str, path: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer's JSON."""
    template = _operation(method, path)
    if template is None:
        return [] if status in (401, 404, 405) else [f"no such operation: {method} {path}"]
    responses = _spec()["paths"][template][method.lower()]["responses"]
    key = str(status) if str(status) in responses else f"{str(status)[0]}XX"
    if key not in responses:
        return [f"{method} {path} never answers {status}"]
    if "$ref" in responses[key]:
        place = responses[key]["$ref"].removeprefix("#") + "/content/application~1json/schema"
        return _problems(place, body)
    if "application/json" not in responses[key].get("content", {}):
        return [] if body is None else [f"{method} {path} answers {status} without a body"]
    return _problems(_pointer("paths", template, method.lower(), "responses", key, *_JSON), body)


_JSON = ("content", "application/json", "schema")
