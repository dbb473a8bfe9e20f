"""Tables of the ward."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
_ONLY_ADDED_TO = ("ward_message", "ward_entry", "ward_event", "ward_code")


def upgrade() -> None:
    """Make the tables of the ward."""
    _people()
    _log()
    _followed()
    _waiting()
    _append_only()


def _people() -> None:
    """Patients as they stand, who they are, and the ward files they are followed by."""
    op.create_table(
        "ward_episode",
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("made_at", sa.String(length=24), nullable=False),
        sa.Column("last_entry", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("known_at", sa.String(length=24), server_default="", nullable=False),
        sa.Column("due_at", sa.String(length=24), nullable=True),
        sa.Column("ward_sha256", sa.String(length=64), server_default="", nullable=False),
        sa.Column("summary", sa.Text(), server_default="{}", nullable=False),
        sa.Column("merged_into", sa.String(length=32), nullable=True),
        sa.Column("merge_mark", sa.String(length=40), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('assigned', 'unassigned', 'closed', 'merged')",
            name=op.f("ck_ward_episode_state"),
        ),
        sa.ForeignKeyConstraint(
            ["merged_into"], ["ward_episode.patient"], name=op.f("fk_ward_episode_merged_into")
        ),
        sa.PrimaryKeyConstraint("patient", name=op.f("pk_ward_episode")),
    )
    op.create_index("ix_ward_episode_due_at", "ward_episode", ["due_at"], unique=False)
    op.create_index("ix_ward_episode_merged_into", "ward_episode", ["merged_into"], unique=False)
    op.create_index("ix_ward_episode_state", "ward_episode", ["state", "last_entry"], unique=False)
    op.create_table(
        "ward_snapshot",
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"], ["ward_episode.patient"], name=op.f("fk_ward_snapshot_patient")
        ),
        sa.PrimaryKeyConstraint("patient", name=op.f("pk_ward_snapshot")),
    )
    op.create_table(
        "ward_person",
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("name_shown", sa.String(length=255), server_default="", nullable=False),
        sa.Column("ward", sa.String(length=80), server_default="", nullable=False),
        sa.Column("bed", sa.String(length=80), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"], ["ward_episode.patient"], name=op.f("fk_ward_person_patient")
        ),
        sa.PrimaryKeyConstraint("patient", name=op.f("pk_ward_person")),
    )
    op.create_table(
        "ward_identifier",
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"], ["ward_episode.patient"], name=op.f("fk_ward_identifier_patient")
        ),
        sa.PrimaryKeyConstraint("system", "value", name=op.f("pk_ward_identifier")),
    )
    op.create_index("ix_ward_identifier_patient", "ward_identifier", ["patient"], unique=False)
    op.create_table(
        "ward_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("known_at", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_ward_file")),
    )


def _log() -> None:
    """What came, and what became known by it."""
    op.create_table(
        "ward_message",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("known_at", sa.String(length=24), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_message")),
        sa.UniqueConstraint("interface", "key", name="uq_ward_message_key"),
    )
    op.create_table(
        "ward_entry",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("message_number", sa.BigInteger(), nullable=True),
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("known_at", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_number"], ["ward_message.number"], name=op.f("fk_ward_entry_message_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_entry")),
    )
    op.create_index("ix_ward_entry_message_number", "ward_entry", ["message_number"], unique=False)
    op.create_index("ix_ward_entry_patient", "ward_entry", ["patient", "number"], unique=False)


def _followed() -> None:
    """What followed, and what is to be sent out."""
    op.create_table(
        "ward_event",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("entry_number", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("known_at", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_number"], ["ward_entry.number"], name=op.f("fk_ward_event_entry_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_event")),
        sa.UniqueConstraint("entry_number", "ordinal", name="uq_ward_event_entry_number"),
    )
    op.create_index("ix_ward_event_kind", "ward_event", ["kind", "known_at"], unique=False)
    op.create_index("ix_ward_event_patient", "ward_event", ["patient", "number"], unique=False)
    op.create_table(
        "ward_outbox",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("event_number", sa.BigInteger(), nullable=False),
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("made_at", sa.String(length=24), nullable=False),
        sa.Column("next_at", sa.String(length=24), nullable=False),
        sa.Column("done_at", sa.String(length=24), nullable=True),
        sa.Column("dead_at", sa.String(length=24), nullable=True),
        sa.Column("last_problem", sa.String(length=300), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["event_number"], ["ward_event.number"], name=op.f("fk_ward_outbox_event_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_outbox")),
        sa.UniqueConstraint("key", name="uq_ward_outbox_key"),
    )
    op.create_index("ix_ward_outbox_event_number", "ward_outbox", ["event_number"], unique=False)
    op.create_index(
        "ix_ward_outbox_next_at", "ward_outbox", ["done_at", "dead_at", "next_at"], unique=False
    )
    op.create_index(
        "ix_ward_outbox_waits",
        "ward_outbox",
        ["target", "done_at", "dead_at", "patient", "number"],
        unique=False,
    )


def _waiting() -> None:
    """The centre's codes, and what could not be used."""
    op.create_table(
        "ward_code",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_code")),
    )
    op.create_table(
        "ward_parked",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("message_number", sa.BigInteger(), nullable=False),
        sa.Column("interface", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("what", sa.String(length=400), nullable=False),
        sa.Column("system", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=255), nullable=False),
        sa.Column("unit", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("known_at", sa.String(length=24), nullable=False),
        sa.Column("done_at", sa.String(length=24), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_number"], ["ward_message.number"], name=op.f("fk_ward_parked_message_number")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ward_parked")),
    )
    op.create_index("ix_ward_parked_done_at", "ward_parked", ["done_at", "reason"], unique=False)
    op.create_index(
        "ix_ward_parked_message_number", "ward_parked", ["message_number"], unique=False
    )


def _append_only() -> None:
    """Refuse, in the database itself, to change or to remove what the log says."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _ONLY_ADDED_TO:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the log of the ward is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION ward_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the log of the ward is append-only'; END $$"
    )
    for table in _ONLY_ADDED_TO:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ward_append_only()"
        )
