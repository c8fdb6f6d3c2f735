"""Runs the migrations on the connection, and in the transaction, that db/migration.py holds."""

from alembic import context

from db import tables
from db.base import Base

assert tables  # imported so that the metadata is whole

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter most of a table in place
)
context.run_migrations()
