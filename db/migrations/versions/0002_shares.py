"""Shares that survive a restart; of each job its owner's weight, and when it was expected to be done."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("tag", sa.Double, nullable=False),
        sa.Column("clock", sa.Double, nullable=False),
        sa.Column("last_served", sa.BigInteger, nullable=False),
        sa.Column("arrived", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("path", name="pk_shares"),
    )
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("weight", sa.Double, nullable=False, server_default="1"))
        jobs.add_column(sa.Column("expected", sa.Double))
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column("weight", server_default=None)
