"""Words to search by; favourites; searches; whose pictures others may go on from."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from db.full_text import words_of

revision = "0006"
down_revision = "0005"

LISTED = ["job_id", "index", "id", "user_id", "channel_id", "private", "deleted_at", "showing", "age_restricted"]
PART = 1_000  # rows at a time
# Without a copy of the words: whoever removes some tells the index which they were. Its numbers come from columns that
# never change, as SQLite may number the rows of a table like this one anew. A later migration that makes the table
# `records` anew on SQLite takes the triggers away, and has to make them again.
SQLITE = (
    "CREATE VIRTUAL TABLE record_words USING fts5(words, content='', tokenize='unicode61 remove_diacritics 0')",
    """INSERT INTO record_words (rowid, words) SELECT job_id * 1024 + "index", words FROM records""",
    """CREATE TRIGGER record_words_added AFTER INSERT ON records BEGIN
        INSERT INTO record_words (rowid, words) VALUES (new.job_id * 1024 + new."index", new.words);
    END""",
    """CREATE TRIGGER record_words_removed AFTER DELETE ON records BEGIN
        INSERT INTO record_words (record_words, rowid, words)
        VALUES ('delete', old.job_id * 1024 + old."index", old.words);
    END""",
    """CREATE TRIGGER record_words_changed AFTER UPDATE OF words ON records BEGIN
        INSERT INTO record_words (record_words, rowid, words)
        VALUES ('delete', old.job_id * 1024 + old."index", old.words);
        INSERT INTO record_words (rowid, words) VALUES (new.job_id * 1024 + new."index", new.words);
    END""",
)
POSTGRESQL = (
    "ALTER TABLE records ADD COLUMN words_vector tsvector GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED",
    "CREATE INDEX ix_records_words_vector ON records USING gin (words_vector)",
)


def upgrade() -> None:
    op.create_table(
        "favourites",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("record_id", sa.String(10), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "record_id", name="pk_favourites"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_favourites_record_id_records"),
    )
    op.create_index("ix_favourites_record_id", "favourites", ["record_id"])
    op.create_table(
        "searches",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("key", sa.String(12), nullable=False),
        sa.Column("criteria", sa.JSON, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_searches"),
    )
    op.create_index("ix_searches_used_at", "searches", ["used_at"])
    add("people", sa.Column("sharing", sa.String(16), nullable=False, server_default="open"))
    add("records", sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()))
    add("records", sa.Column("words", sa.Text, nullable=False, server_default=""))
    op.create_index("ix_records_seed", "records", ["seed"])
    op.create_index("ix_records_listed", "records", LISTED)
    fill_words()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def add(table: str, column: sa.Column[Any]) -> None:
    """Add a column whose default is for the rows that are there only."""
    with op.batch_alter_table(table) as change:
        change.add_column(column)
    with op.batch_alter_table(table) as change:
        change.alter_column(column.name, server_default=None)


def fill_words() -> None:
    """Write down the words of the records that are there."""
    records = sa.table("records", *map(sa.column, ("id", "prompt", "negative_prompt", "words")))
    read = sa.select(records.c.id, records.c.prompt, records.c.negative_prompt).order_by(records.c.id)
    write = sa.update(records).where(records.c.id == sa.bindparam("which")).values(words=sa.bindparam("found"))
    last, connection = "", op.get_bind()
    while rows := connection.execute(read.where(records.c.id > last).limit(PART)).all():
        connection.execute(
            write, [{"which": row.id, "found": words_of(row.prompt, row.negative_prompt)} for row in rows]
        )
        last = rows[-1].id
