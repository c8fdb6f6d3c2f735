"""Where a picture may be shown; its perceptual hash; news of one; posts that are begun; messages to be removed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    add("records", sa.Column("showing", sa.String(16), nullable=False, server_default="open"))
    for table in ("jobs", "records"):
        add(table, sa.Column("publishes_prompt", sa.Boolean, nullable=False, server_default=sa.true()))
    add("people", sa.Column("publishes_prompts", sa.Boolean, nullable=False, server_default=sa.true()))
    op.add_column("records", sa.Column("pdq", sa.String(64)))  # older pictures have none
    op.add_column("records", sa.Column("mark_found", sa.Boolean))
    op.create_index("ix_records_created_at", "records", ["created_at"])
    add("outbox", sa.Column("record_id", sa.String(10), nullable=False, server_default=""))
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("posting_since", sa.DateTime(timezone=True)))
        outbox.drop_constraint("uq_outbox_job_id_kind", type_="unique")
        outbox.create_unique_constraint("uq_outbox_job_id_kind_record_id", ["job_id", "kind", "record_id"])
    op.create_table(
        "removals",
        sa.Column("message_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_removals"),
    )


def add(table: str, column: sa.Column[Any]) -> None:
    """Add a column whose default is for the rows that are there only."""
    with op.batch_alter_table(table) as change:
        change.add_column(column)
    with op.batch_alter_table(table) as change:
        change.alter_column(column.name, server_default=None)
