"""mail that comes in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engagement.kernel import base

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('inbound_cursor',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('mailbox', sa.String(length=64), nullable=False),
    sa.Column('uid_validity', sa.BigInteger(), nullable=False),
    sa.Column('last_uid', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_cursor')),
    sa.UniqueConstraint('mailbox', name=op.f('uq_inbound_cursor_mailbox'))
    )
    op.create_table('submission_file',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('submission_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('content_sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['submission_id'], ['submission.id'], name=op.f('fk_submission_file_submission_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_submission_file')),
    sa.UniqueConstraint('submission_id', 'position', name=op.f('uq_submission_file_submission_id_position'))
    )
    op.create_table('inbound_mail',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('consultation_id', sa.Uuid(), nullable=True),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('received_at', base.UTCDateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Enum('reply', 'bounce', 'complaint', 'auto', 'unsubscribe', 'request', 'submission', 'unplaced', name='kind', native_enum=False), nullable=False),
    sa.Column('state', sa.Enum('received', 'done', 'waiting', 'filed', 'dismissed', name='inboxstate', native_enum=False), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=False),
    sa.Column('why', sa.String(length=300), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=True),
    sa.Column('person_sure', sa.Boolean(), nullable=False),
    sa.Column('invitation_id', sa.Uuid(), nullable=True),
    sa.Column('message_id', sa.Uuid(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('settled_at', base.UTCDateTime(timezone=True), nullable=True),
    sa.Column('settled_by', sa.Uuid(), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sender_index', sa.LargeBinary(length=32), nullable=True),
    sa.Column('sender_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('sender_name_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('subject_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('text_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('files_sealed', sa.LargeBinary(), nullable=True),
    sa.Column('raw_sealed', sa.LargeBinary(), nullable=True),
    sa.CheckConstraint("kind IN ('reply', 'bounce', 'complaint', 'auto', 'unsubscribe', 'request', 'submission', 'unplaced')", name=op.f('ck_inbound_mail_kind_known')),
    sa.CheckConstraint("state IN ('received', 'done', 'waiting', 'filed', 'dismissed')", name=op.f('ck_inbound_mail_state_known')),
    sa.CheckConstraint("state IN ('received', 'waiting') OR settled_at IS NOT NULL", name=op.f('ck_inbound_mail_settled_has_time')),
    sa.CheckConstraint("state NOT IN ('received', 'waiting') OR raw_sealed IS NOT NULL", name=op.f('ck_inbound_mail_kept_while_it_waits')),
    sa.ForeignKeyConstraint(['consultation_id'], ['consultation.id'], name=op.f('fk_inbound_mail_consultation_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitation.id'], name=op.f('fk_inbound_mail_invitation_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_inbound_mail_message_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_inbound_mail_person_id'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['settled_by'], ['user_account.id'], name=op.f('fk_inbound_mail_settled_by'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_inbound_mail')),
    sa.UniqueConstraint('key', name=op.f('uq_inbound_mail_key'))
    )
    with op.batch_alter_table('inbound_mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_inbound_mail_invitation_id'), ['invitation_id'], unique=False)
        batch_op.create_index('ix_inbound_mail_listed', ['consultation_id', 'state', 'received_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_message_id'), ['message_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_inbound_mail_person_id'), ['person_id'], unique=False)

    with op.batch_alter_table('prompt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('for_letters', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index('uq_prompt_letters', ['consultation_id'], unique=True, sqlite_where=sa.text('for_letters'), postgresql_where=sa.text('for_letters'))

    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.add_column(sa.Column('signatory_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('organization_sealed', sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column('copies_sealed', sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('submission', schema=None) as batch_op:
        batch_op.drop_column('copies_sealed')
        batch_op.drop_column('organization_sealed')
        batch_op.drop_column('signatory_sealed')

    with op.batch_alter_table('prompt', schema=None) as batch_op:
        batch_op.drop_index('uq_prompt_letters', sqlite_where=sa.text('for_letters'), postgresql_where=sa.text('for_letters'))
        batch_op.drop_column('for_letters')

    with op.batch_alter_table('inbound_mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_inbound_mail_person_id'))
        batch_op.drop_index(batch_op.f('ix_inbound_mail_message_id'))
        batch_op.drop_index('ix_inbound_mail_listed')
        batch_op.drop_index(batch_op.f('ix_inbound_mail_invitation_id'))

    op.drop_table('inbound_mail')
    op.drop_table('submission_file')
    op.drop_table('inbound_cursor')
