"""Tables of the store. Moments are UTC text (ISO 8601, milliseconds), so that they sort as text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_ID = String(32)
_MOMENT = String(24)
# SQLite counts up by itself in INTEGER alone
_COUNT = BigInteger().with_variant(Integer, "sqlite")

files = Table(
    "file",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("purpose", String(20), nullable=False),
    Column("name", String(255), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Column("job_id", _ID, ForeignKey("job.id", ondelete="CASCADE"), nullable=True),
    CheckConstraint("purpose IN ('upload', 'output')", name="purpose"),
    Index("ix_file_owner", "owner", "made_at"),
    Index("ix_file_job_id", "job_id"),
)

chunks = Table(
    "file_chunk",
    metadata,
    Column("file_id", _ID, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

jobs = Table(
    "job",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("owner", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("title", String(300), nullable=False),
    Column("request", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("server", _ID, nullable=True),
    Column("beat_at", _MOMENT, nullable=True),
    Column("made_at", _MOMENT, nullable=False),
    Column("started_at", _MOMENT, nullable=True),
    Column("ended_at", _MOMENT, nullable=True),
    Column("stage", String(200), nullable=False, server_default=""),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("total", Integer, nullable=False, server_default="0"),
    Column("problems", Text, nullable=False, server_default="[]"),
    CheckConstraint(
        "state IN ('waiting', 'running', 'done', 'refused', 'failed', 'cancelled', 'lost')",
        name="state",
    ),
    Index("ix_job_owner", "owner", "made_at"),
    Index("ix_job_state", "state", "made_at"),
)

job_inputs = Table(
    "job_input",
    metadata,
    Column("job_id", _ID, ForeignKey("job.id", ondelete="CASCADE"), primary_key=True),
    Column("file_id", _ID, ForeignKey("file.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_job_input_file_id", "file_id"),
)

repeats = Table(
    "repeat",
    metadata,
    Column("owner", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Index("ix_repeat_made_at", "made_at"),
)

accounts = Table(
    "account",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("role", String(12), nullable=False),
    Column("password", Text, nullable=True),
    Column("subject", String(255), nullable=True, unique=True),
    Column("made_at", _MOMENT, nullable=False),
    Column("closed_at", _MOMENT, nullable=True),
    CheckConstraint("role IN ('reader', 'analyst', 'clinician', 'admin')", name="role"),
)

sessions = Table(
    "session",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column(
        "account_id", _ID, ForeignKey("account.id", ondelete="CASCADE"), nullable=True, index=True
    ),
    Column("made_at", _MOMENT, nullable=False),
    Column("seen_at", _MOMENT, nullable=False),
    Column("ends_at", _MOMENT, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("at", _MOMENT, nullable=False),
    Column("who", String(200), nullable=False),
    Column("what", String(60), nullable=False),
    Column("about", String(255), nullable=False, server_default=""),
    Column("sha256", String(64), nullable=False, server_default=""),
    Index("ix_audit_at", "at"),
)
