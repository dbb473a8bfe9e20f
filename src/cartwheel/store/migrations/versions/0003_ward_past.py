"""Snapshots along the log, what ward files name, and rows that PostgreSQL updates in place."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
_ONLY_ADDED_TO = ("ward_past", "ward_file_part")


def upgrade() -> None:
    """Make the tables, and the indexes of the patients as they are used."""
    op.create_table(
        "ward_past",
        sa.Column("patient", sa.String(length=32), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("ward_sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"], ["ward_episode.patient"], name=op.f("fk_ward_past_patient")
        ),
        sa.PrimaryKeyConstraint("patient", "entry", name=op.f("pk_ward_past")),
    )
    op.create_table(
        "ward_file_part",
        sa.Column("ward_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=400), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ward_sha256"], ["ward_file.sha256"], name=op.f("fk_ward_file_part_ward_sha256")
        ),
        sa.PrimaryKeyConstraint("ward_sha256", "kind", "name", name=op.f("pk_ward_file_part")),
    )
    _append_only()
    _in_place()
    _content_may_be_emptied()


def _content_may_be_emptied() -> None:
    """Let the content of a message be emptied, when it is old: nothing else of it may change."""
    kept = ("number", "interface", "key", "sha256", "known_at", "reply")
    if op.get_bind().dialect.name == "sqlite":
        same = " AND ".join(f"NEW.{one} IS OLD.{one}" for one in kept)
        op.execute("DROP TRIGGER ward_message_no_update")
        op.execute(
            "CREATE TRIGGER ward_message_no_update BEFORE UPDATE ON ward_message "
            f"WHEN NOT (length(NEW.content) = 0 AND {same}) "
            "BEGIN SELECT RAISE(ABORT, 'the log of the ward is append-only'); END"
        )
        return
    changed = " OR ".join(f"NEW.{one} IS DISTINCT FROM OLD.{one}" for one in kept)
    op.execute("DROP TRIGGER ward_message_append_only ON ward_message")
    op.execute(
        "CREATE TRIGGER ward_message_append_only BEFORE DELETE OR TRUNCATE ON ward_message "
        "FOR EACH STATEMENT EXECUTE FUNCTION ward_append_only()"
    )
    op.execute(
        "CREATE TRIGGER ward_message_only_emptied BEFORE UPDATE ON ward_message FOR EACH ROW "
        f"WHEN (octet_length(NEW.content) > 0 OR {changed}) "
        "EXECUTE FUNCTION ward_append_only()"
    )


def _in_place() -> None:
    """Every message changes the moments of a row: with an index on them none is done in place."""
    op.drop_index("ix_ward_episode_due_at", table_name="ward_episode")
    op.drop_index("ix_ward_episode_state", table_name="ward_episode")
    op.create_index("ix_ward_episode_state", "ward_episode", ["state"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        # room in every page for the next version of a row
        op.execute("ALTER TABLE ward_episode SET (fillfactor = 50)")


def _append_only() -> None:
    """Refuse, in the database itself, to change or to remove what was kept."""
    if op.get_bind().dialect.name == "sqlite":
        for table in _ONLY_ADDED_TO:
            for deed in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                    "BEGIN SELECT RAISE(ABORT, 'the log of the ward is append-only'); END"
                )
        return
    for table in _ONLY_ADDED_TO:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION ward_append_only()"
        )
