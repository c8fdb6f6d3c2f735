"""An audit log, refusals, strikes, sanctions, cases, what guilds have set, and who is to be forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NO_CHANGE = """
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
"""
NO_CHANGE_ON_POSTGRESQL = """
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()
"""
NO_CHANGE_ON_SQLITE = """
CREATE TRIGGER audit_no_{0} BEFORE {0} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    audit(moment)
    conduct(moment)
    cases(moment)
    guilds(moment)
    op.create_table(
        "erasures",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_erasures"),
    )


def audit(moment: sa.DateTime) -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.BigInteger),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.BigInteger),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_subject", "audit", ["subject"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )
    op.bulk_insert(head, [{"id": 1, "entries": 0, "digest": "0" * 64}])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(NO_CHANGE)
        op.execute(NO_CHANGE_ON_POSTGRESQL)
        return
    op.execute(NO_CHANGE_ON_SQLITE.format("UPDATE"))
    op.execute(NO_CHANGE_ON_SQLITE.format("DELETE"))


def conduct(moment: sa.DateTime) -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("label", sa.Text),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("policy_version", sa.Text, nullable=False),
        sa.Column("scores", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("words", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_refusals"),
    )
    op.create_index("ix_refusals_guild_id_id", "refusals", ["guild_id", "id"])
    op.create_index("ix_refusals_user_id", "refusals", ["user_id"])
    op.create_table(
        "strikes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("refusal_id", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("overturned_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_strikes"),
        sa.ForeignKeyConstraint(["refusal_id"], ["refusals.id"], name="fk_strikes_refusal_id_refusals"),
    )
    op.create_index("ix_strikes_user_id", "strikes", ["user_id"])
    op.create_table(
        "sanctions",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("bar", sa.String(16), nullable=False),
        sa.Column("until", moment),
        sa.Column("by", sa.BigInteger),
        sa.Column("since", moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "guild_id", name="pk_sanctions"),
    )


def cases(moment: sa.DateTime) -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.BigInteger),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("record_id", sa.String(10)),
        sa.Column("strike_id", sa.Integer),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("channel_id", sa.BigInteger),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.Column("closed_by", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_cases"),
        sa.ForeignKeyConstraint(["strike_id"], ["strikes.id"], name="fk_cases_strike_id_strikes"),
    )
    op.create_index("ix_cases_outcome_message_id", "cases", ["outcome", "message_id"])
    op.create_index("ix_cases_user_id", "cases", ["user_id"])


def guilds(moment: sa.DateTime) -> None:
    op.create_table(
        "guilds",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("review_channel_id", sa.BigInteger),
        sa.Column("rules_off", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_guilds"),
    )
    op.create_table(
        "members",
        sa.Column("guild_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("weight", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name="pk_members"),
    )
    op.create_table(
        "never_again",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("guild_id", sa.BigInteger, nullable=False),
        sa.Column("pdq", sa.String(64), nullable=False),
        sa.Column("added_by", sa.BigInteger, nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_never_again"),
        sa.UniqueConstraint("guild_id", "pdq", name="uq_never_again_guild_id_pdq"),
    )
