"""names that nobody has proven; numbers of submissions and names of open batches once."""

from __future__ import annotations

from secrets import token_bytes

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    _number_once()
    _name_once()
    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.add_column(sa.Column('name_unproven', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.create_index('uq_batch_open_name', ['consultation_id', 'name_index'], unique=True, sqlite_where=sa.text('NOT restricted'), postgresql_where=sa.text('NOT restricted'))

    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.drop_index('ix_submission_listed')
        batch_op.create_unique_constraint(batch_op.f('uq_submission_prompt_id_number'), ['prompt_id', 'number'])


def _number_once() -> None:
    """Number on those submissions whose number another one of their prompt has: two were added at the same moment."""
    submission = sa.table('submission', sa.column('id', sa.Uuid()), sa.column('prompt_id', sa.Uuid()), sa.column('number', sa.Integer()), sa.column('created_at'))
    seen: dict[object, set[int]] = {}
    twice = []
    rows = sa.select(submission.c.id, submission.c.prompt_id, submission.c.number).order_by(submission.c.prompt_id, submission.c.number, submission.c.created_at)
    for row, prompt, number in op.get_bind().execute(rows):
        numbers = seen.setdefault(prompt, set())
        if number in numbers:
            twice.append((row, prompt))
        numbers.add(number)
    for row, prompt in twice:
        number = max(seen[prompt]) + 1
        seen[prompt].add(number)
        op.get_bind().execute(sa.update(submission).where(submission.c.id == row).values(number=number))


def _name_once() -> None:
    """Let an import find the oldest of several open batches of one name: the others keep their name, and are found by their page."""
    batch = sa.table('batch', sa.column('id', sa.Uuid()), sa.column('consultation_id', sa.Uuid()), sa.column('name_index', sa.LargeBinary()), sa.column('restricted', sa.Boolean()), sa.column('created_at'))
    seen = set()
    rows = sa.select(batch.c.id, batch.c.consultation_id, batch.c.name_index).where(~batch.c.restricted).order_by(batch.c.created_at)
    for row, consultation, name in op.get_bind().execute(rows).all():
        if (consultation, bytes(name)) in seen:
            op.get_bind().execute(sa.update(batch).where(batch.c.id == row).values(name_index=token_bytes(32)))
        seen.add((consultation, bytes(name)))


def downgrade() -> None:
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_submission_prompt_id_number'), type_='unique')
        batch_op.create_index('ix_submission_listed', ['prompt_id', 'number'], unique=False)

    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_index('uq_batch_open_name')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_column('name_unproven')
