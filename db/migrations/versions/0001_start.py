"""People, jobs, records, lineage, uploads, outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("licence_version", sa.Text, nullable=False),
        sa.Column("licence_accepted_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", name="pk_people"),
    )
    op.create_table(
        "uploads",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("sha256", "user_id", name="pk_uploads"),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("interaction_id", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("application_id", sa.BigInteger),
        sa.Column("token", sa.Text),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("age_restricted", sa.Boolean, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False),
        sa.Column("parent_id", sa.String(10)),
        sa.Column("reproduces", sa.String(10)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", moment),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Column("seconds", sa.Double),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("verdict", sa.JSON),
        sa.Column("error_key", sa.Text),
        sa.Column("error_values", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("interaction_id", name="uq_jobs_interaction_id"),
    )
    op.create_table(
        "records",
        sa.Column("id", sa.String(10), nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("index", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("prompt", sa.Text, nullable=False),
        sa.Column("negative_prompt", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.Column("checkpoint_revision", sa.Text, nullable=False),
        sa.Column("sampler", sa.Text, nullable=False),
        sa.Column("num_inference_steps", sa.Integer, nullable=False),
        sa.Column("guidance_scale", sa.Double, nullable=False),
        sa.Column("strength", sa.Double),
        sa.Column("factor", sa.Integer),
        sa.Column("request", sa.JSON, nullable=False),
        sa.Column("fingerprint", sa.JSON, nullable=False),
        sa.Column("pixels_sha256", sa.String(64), nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("guild_id", sa.BigInteger),
        sa.Column("channel_id", sa.BigInteger, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("private", sa.Boolean, nullable=False),
        sa.Column("age_restricted", sa.Boolean, nullable=False),
        sa.Column("deleted_at", moment),
        sa.Column("deleted_by", sa.BigInteger),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment),
        sa.Column("finished_at", moment, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_records"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_records_job_id_jobs"),
        sa.UniqueConstraint("job_id", "index", name="uq_records_job_id_index"),
    )
    with op.batch_alter_table("jobs") as jobs:  # only now, as each of the two tables points at the other
        jobs.create_foreign_key("fk_jobs_parent_id_records", "records", ["parent_id"], ["id"])
        jobs.create_foreign_key("fk_jobs_reproduces_records", "records", ["reproduces"], ["id"])
    op.create_index("ix_jobs_status_id", "jobs", ["status", "id"])
    op.create_index("ix_jobs_user_id_status", "jobs", ["user_id", "status"])
    op.create_index("ix_records_guild_id_job_id", "records", ["guild_id", "job_id"])
    op.create_index("ix_records_user_id_job_id", "records", ["user_id", "job_id"])
    op.create_index("ix_records_sha256", "records", ["sha256"])
    op.create_index("ix_records_message_id", "records", ["message_id"])
    op.create_table(
        "lineage",
        sa.Column("child_id", sa.String(10), nullable=False),
        sa.Column("parent_id", sa.String(10), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("child_id", "parent_id", "kind", name="pk_lineage"),
        sa.ForeignKeyConstraint(["child_id"], ["records.id"], name="fk_lineage_child_id_records"),
        sa.ForeignKeyConstraint(["parent_id"], ["records.id"], name="fk_lineage_parent_id_records"),
    )
    op.create_index("ix_lineage_parent_id", "lineage", ["parent_id"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("nonce", sa.String(25), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", moment, nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.Column("note", sa.Text),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("sent_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_outbox_job_id_jobs"),
        sa.UniqueConstraint("job_id", "kind", name="uq_outbox_job_id_kind"),
    )
    op.create_index("ix_outbox_state_next_try_at", "outbox", ["state", "next_try_at"])
