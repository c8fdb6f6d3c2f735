"""Styles, what people and guilds draw with by default, and requests that wait for a yes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "presets",
        *owner(),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("negative_prompt", sa.Text, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", "name", name="pk_presets"),
    )
    op.create_table(
        "defaults",
        *owner(),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "user_id", name="pk_defaults"),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_offers"),
    )
    op.create_index("ix_offers_user_id", "offers", ["user_id"])


def owner() -> list[sa.Column[int]]:
    """Return the columns that say whose it is."""
    return [sa.Column(name, sa.BigInteger, nullable=False, autoincrement=False) for name in ("guild_id", "user_id")]
