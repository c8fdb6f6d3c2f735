"""All tables, so that the metadata is whole wherever one of them is used."""

from db.tables import job, lineage, outbox, person, record, share, upload

__all__ = ["job", "lineage", "outbox", "person", "record", "share", "upload"]
