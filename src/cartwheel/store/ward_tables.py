"""Tables of the ward: messages, the log, what followed, who is who, what waits.

``ward_message``, ``ward_entry``, ``ward_event``, ``ward_code`` (every edition of the centre's table
of codes), ``ward_past`` (snapshots along the log) and ``ward_file_part`` (what a ward file names)
are added to and never changed: triggers in the database itself refuse it.
Everything else follows from them, but names.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from cartwheel.store.tables import metadata

_ID = String(32)
_MOMENT = String(24)
_SHA256 = String(64)
# SQLite counts up by itself in INTEGER alone
_COUNT = BigInteger().with_variant(Integer, "sqlite")

messages = Table(
    "ward_message",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("interface", String(8), nullable=False),
    Column("key", String(255), nullable=False),
    Column("sha256", _SHA256, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("reply", Text, nullable=False),
    UniqueConstraint("interface", "key", name="uq_ward_message_key"),
)

entries = Table(
    "ward_entry",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("message_number", BigInteger, ForeignKey("ward_message.number"), nullable=True),
    Column("patient", _ID, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_ward_entry_patient", "patient", "number"),
    Index("ix_ward_entry_message_number", "message_number"),
)

events = Table(
    "ward_event",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("entry_number", BigInteger, ForeignKey("ward_entry.number"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("patient", _ID, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("entry_number", "ordinal", name="uq_ward_event_entry_number"),
    Index("ix_ward_event_patient", "patient", "number"),
    Index("ix_ward_event_kind", "kind", "known_at"),
)

episodes = Table(
    "ward_episode",
    metadata,
    Column("patient", _ID, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("made_at", _MOMENT, nullable=False),
    Column("last_entry", BigInteger, nullable=False, server_default="0"),
    Column("known_at", _MOMENT, nullable=False, server_default=""),
    Column("due_at", _MOMENT, nullable=True),
    Column("ward_sha256", _SHA256, nullable=False, server_default=""),
    Column("summary", Text, nullable=False, server_default="{}"),
    Column("merged_into", _ID, ForeignKey("ward_episode.patient"), nullable=True),
    Column("merge_mark", String(40), nullable=False, server_default=""),
    CheckConstraint("state IN ('assigned', 'unassigned', 'closed', 'merged')", name="state"),
    Index("ix_ward_episode_state", "state"),
    Index("ix_ward_episode_merged_into", "merged_into"),
)

# apart from the episode: a row that every message changes is written whole
snapshots = Table(
    "ward_snapshot",
    metadata,
    Column("patient", _ID, ForeignKey("ward_episode.patient"), primary_key=True),
    Column("entry", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
)

past = Table(
    "ward_past",
    metadata,
    Column("patient", _ID, ForeignKey("ward_episode.patient"), primary_key=True),
    Column("entry", BigInteger, primary_key=True),
    Column("ward_sha256", _SHA256, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

persons = Table(
    "ward_person",
    metadata,
    Column("patient", _ID, ForeignKey("ward_episode.patient"), primary_key=True),
    Column("name_shown", String(255), nullable=False, server_default=""),
    Column("ward", String(80), nullable=False, server_default=""),
    Column("bed", String(80), nullable=False, server_default=""),
)

identifiers = Table(
    "ward_identifier",
    metadata,
    Column("system", String(255), primary_key=True),
    Column("value", String(255), primary_key=True),
    Column("patient", _ID, ForeignKey("ward_episode.patient"), nullable=False),
    Index("ix_ward_identifier_patient", "patient"),
)

codes = Table(
    "ward_code",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("content", Text, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("who", String(200), nullable=False),
    Column("made_at", _MOMENT, nullable=False),
)

parked = Table(
    "ward_parked",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("message_number", BigInteger, ForeignKey("ward_message.number"), nullable=False),
    Column("interface", String(8), nullable=False),
    Column("reason", String(60), nullable=False),
    Column("what", String(400), nullable=False),
    Column("system", String(255), nullable=False),
    Column("code", String(255), nullable=False),
    Column("unit", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("known_at", _MOMENT, nullable=False),
    Column("done_at", _MOMENT, nullable=True),
    Index("ix_ward_parked_message_number", "message_number"),
    Index("ix_ward_parked_done_at", "done_at", "reason"),
)

ward_files = Table(
    "ward_file",
    metadata,
    Column("sha256", _SHA256, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("known_at", _MOMENT, nullable=False),
)

file_parts = Table(
    "ward_file_part",
    metadata,
    Column("ward_sha256", _SHA256, ForeignKey("ward_file.sha256"), primary_key=True),
    Column("kind", String(12), primary_key=True),
    Column("name", String(400), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

outbox = Table(
    "ward_outbox",
    metadata,
    Column("number", _COUNT, primary_key=True, autoincrement=True),
    Column("event_number", BigInteger, ForeignKey("ward_event.number"), nullable=False),
    Column("patient", _ID, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", String(120), nullable=False),
    Column("key", String(160), nullable=False),
    Column("body", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("made_at", _MOMENT, nullable=False),
    Column("next_at", _MOMENT, nullable=False),
    Column("done_at", _MOMENT, nullable=True),
    Column("dead_at", _MOMENT, nullable=True),
    Column("last_problem", String(300), nullable=False, server_default=""),
    UniqueConstraint("key", name="uq_ward_outbox_key"),
    Index("ix_ward_outbox_waits", "target", "done_at", "dead_at", "patient", "number"),
    Index("ix_ward_outbox_next_at", "done_at", "dead_at", "next_at"),
    Index("ix_ward_outbox_event_number", "event_number"),
)
