"""who was told what of an event: facts, tellings, sittings that are cancelled by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engagement.kernel import base

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('telling',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('sitting_id', sa.Uuid(), nullable=True),
    sa.Column('about', sa.Enum('change', 'cancellation', name='about', native_enum=False), nullable=False),
    sa.Column('with_declined', sa.Boolean(), nullable=False),
    sa.Column('note_en_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('note_fr_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('created_by', sa.Uuid(), nullable=True),
    sa.Column('finished_at', base.UTCDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("about IN ('change', 'cancellation')", name=op.f('ck_telling_about_known')),
    sa.CheckConstraint('(note_en_sealed IS NULL) = (note_fr_sealed IS NULL)', name=op.f('ck_telling_note_in_both_languages')),
    sa.ForeignKeyConstraint(['created_by'], ['user_account.id'], name=op.f('fk_telling_created_by'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['event_id'], ['event.id'], name=op.f('fk_telling_event_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['sitting_id'], ['sitting.id'], name=op.f('fk_telling_sitting_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_telling'))
    )
    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_telling_event_id'), ['event_id'], unique=False)
        batch_op.create_index('ix_telling_unfinished', ['finished_at'], unique=False)

    with op.batch_alter_table('calendar_entry', schema=None) as batch_op:
        batch_op.add_column(sa.Column('told_facts_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('requested_at', base.UTCDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('revised_sequence', sa.Integer(), nullable=False, server_default='0'))

    with op.batch_alter_table('sitting', schema=None) as batch_op:
        batch_op.add_column(sa.Column('cancelled_at', base.UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('sitting', schema=None) as batch_op:
        batch_op.drop_column('cancelled_at')

    with op.batch_alter_table('calendar_entry', schema=None) as batch_op:
        batch_op.drop_column('revised_sequence')
        batch_op.drop_column('requested_at')
        batch_op.drop_column('told_facts_sealed')

    with op.batch_alter_table('telling', schema=None) as batch_op:
        batch_op.drop_index('ix_telling_unfinished')
        batch_op.drop_index(batch_op.f('ix_telling_event_id'))

    op.drop_table('telling')
