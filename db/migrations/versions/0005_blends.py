"""The further pictures that a job blends, and how its pictures are laid out as one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("further_parents", sa.JSON, nullable=False, server_default="[]"))
        jobs.add_column(sa.Column("sheet", sa.JSON))
    with op.batch_alter_table("jobs") as jobs:
        jobs.alter_column("further_parents", server_default=None)
