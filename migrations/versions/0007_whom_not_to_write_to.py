"""why an address is not written to, and links on which people choose their mails."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engagement.kernel import base

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'preference_link',
        sa.Column('id', sa.Uuid(), nullable=False),
        sa.Column('person_id', sa.Uuid(), nullable=False),
        sa.Column('message_id', sa.Uuid(), nullable=True),
        sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
        sa.Column('created_at', base.UTCDateTime(timezone=True), nullable=False),
        sa.Column('expires_at', base.UTCDateTime(timezone=True), nullable=False),
        sa.Column('revoked_at', base.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_preference_link_message_id'), ondelete='SET NULL'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_preference_link_person_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_preference_link')),
        sa.UniqueConstraint('token_hash', name=op.f('uq_preference_link_token_hash')),
    )
    with op.batch_alter_table('preference_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_preference_link_person_id'), ['person_id'], unique=False)

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.create_index('ix_person_email_index', ['email_index'], unique=False)

    # The words of a reason are a closed list from now on; what stands there was written by this program.
    with op.batch_alter_table('suppression', schema=None) as batch_op:
        batch_op.add_column(sa.Column('consultation_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('message_id', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('recorded_by', sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column('typed', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('note_sealed', sa.LargeBinary(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f('ck_suppression_reason_known'), "reason IN ('bounced', 'complained', 'opted_out', 'staff')"
        )
        batch_op.create_foreign_key(
            batch_op.f('fk_suppression_consultation_id'), 'consultation', ['consultation_id'], ['id'], ondelete='SET NULL'
        )
        batch_op.create_foreign_key(batch_op.f('fk_suppression_message_id'), 'message', ['message_id'], ['id'], ondelete='SET NULL')
        batch_op.create_foreign_key(
            batch_op.f('fk_suppression_recorded_by'), 'user_account', ['recorded_by'], ['id'], ondelete='SET NULL'
        )


def downgrade() -> None:
    with op.batch_alter_table('suppression', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_suppression_recorded_by'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_suppression_message_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_suppression_consultation_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('ck_suppression_reason_known'), type_='check')
        batch_op.drop_column('note_sealed')
        batch_op.drop_column('typed')
        batch_op.drop_column('recorded_by')
        batch_op.drop_column('message_id')
        batch_op.drop_column('consultation_id')

    with op.batch_alter_table('person', schema=None) as batch_op:
        batch_op.drop_index('ix_person_email_index')

    with op.batch_alter_table('preference_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_preference_link_person_id'))
    op.drop_table('preference_link')
