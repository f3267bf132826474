"""How migrations run: on a connection of their own that may write, one transaction each."""

from __future__ import annotations

from alembic import context
from flask import current_app

from engagement.kernel.base import Base
from engagement.kernel.db import migrating


def run() -> None:
    """Bring the database to the revision that was asked for."""
    engine = current_app.extensions["migrate"].db.engine
    with migrating(), engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            transaction_per_migration=True,
            user_module_prefix="base.",
        )
        with context.begin_transaction():
            context.run_migrations()


run()
