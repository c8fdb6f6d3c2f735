"""All tables, so that the metadata is whole wherever one of them is used."""

from db.tables import (
    audit,
    case,
    conduct,
    erasure,
    guild,
    job,
    lineage,
    never_again,
    outbox,
    person,
    record,
    removal,
    share,
    upload,
)

__all__ = [
    "audit",
    "case",
    "conduct",
    "erasure",
    "guild",
    "job",
    "lineage",
    "never_again",
    "outbox",
    "person",
    "record",
    "removal",
    "share",
    "upload",
]
