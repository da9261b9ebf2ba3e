"""The tables. Times are seconds since 1970 as floats; JSON is text."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

DIGEST = String(32)
KINDS_KEY = String(16)
_REPLAY_WAITS = text("replay = 'waiting'")
_QUEUED = text("state = 'queued'")


class Base(DeclarativeBase):
    """All tables."""


class Run(Base):
    """One run; its id is its specification's digest, or made of it (a replay's). States: services.runs.lifecycle."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("runs_queue", "shape_key", "turn", "created_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("runs_posts", "post", "turn", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
        Index("runs_age", "created_at", "id"),
        Index("runs_leases", "state", "lease_expires_at"),
        Index("runs_status", "state", "outcome_kind", "created_at", "id"),
        Index("runs_kinds", "kinds", "created_at", "id"),
        Index("runs_kinds_status", "kinds", "state", "outcome_kind", "created_at", "id"),
        Index("runs_replays", "id", sqlite_where=_REPLAY_WAITS, postgresql_where=_REPLAY_WAITS),
    )

    id: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    spec: Mapped[str] = mapped_column(Text)
    experiment: Mapped[str] = mapped_column(String(64))
    kinds: Mapped[str] = mapped_column(KINDS_KEY, server_default="")
    shape_key: Mapped[str] = mapped_column(String(16))
    seed: Mapped[int] = mapped_column(BigInteger)
    updates: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(Integer, default=0)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(255))
    lease_expires_at: Mapped[float | None] = mapped_column(Float(53))
    not_before: Mapped[float | None] = mapped_column(Float(53))
    cancel_requested: Mapped[bool] = mapped_column(Boolean, default=False)
    posted_alone: Mapped[bool] = mapped_column(Boolean, server_default=false())
    post: Mapped[str] = mapped_column(DIGEST, server_default="")
    turn: Mapped[int] = mapped_column(Integer, server_default="0")
    outcome_kind: Mapped[str | None] = mapped_column(String(16))
    outcome_step: Mapped[int | None] = mapped_column(Integer)
    outcome_message: Mapped[str | None] = mapped_column(Text)
    error: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text, default="{}")
    origin: Mapped[str] = mapped_column(String(16), server_default="trained")
    replay: Mapped[str | None] = mapped_column(String(16))
    replay_difference: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float(53))
    started_at: Mapped[float | None] = mapped_column(Float(53))
    finished_at: Mapped[float | None] = mapped_column(Float(53))
    updated_at: Mapped[float] = mapped_column(Float(53))


class RunKinds(Base):
    """A combination of kinds of mechanisms. Thousands of runs share one, so lists filter by its key."""

    __tablename__ = "run_kinds"

    key: Mapped[str] = mapped_column(KINDS_KEY, primary_key=True)
    experiment: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str | None] = mapped_column(String(64))
    cell: Mapped[str | None] = mapped_column(String(64))
    initialization: Mapped[str | None] = mapped_column(String(64))
    regularizer: Mapped[str | None] = mapped_column(String(64))
    clipping: Mapped[str | None] = mapped_column(String(64))
    optimizer: Mapped[str | None] = mapped_column(String(64))


class RunMetric(Base):
    """A number of an ended run's summary, with the columns that lists filter by, so that indexes cover both."""

    __tablename__ = "run_metrics"
    __table_args__ = (
        Index("run_metrics_value", "metric", "value", "run_id", "kinds", "outcome_kind"),
        Index("run_metrics_kinds", "metric", "kinds", "outcome_kind", "value", "run_id"),
        {"sqlite_with_rowid": False},
    )

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    metric: Mapped[str] = mapped_column(String(64), primary_key=True)
    kinds: Mapped[str] = mapped_column(KINDS_KEY)
    outcome_kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[float] = mapped_column(Float(53))


class RunState(Base):
    """The state from which a run resumes; at its end, its weights."""

    __tablename__ = "run_states"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    step: Mapped[int] = mapped_column(Integer)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    checksum: Mapped[str] = mapped_column(String(32))


class RunEvent(Base):
    """One change of a run's state."""

    __tablename__ = "run_events"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[float] = mapped_column(Float(53))
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[str] = mapped_column(Text, default="{}")


class TraceBlockRow(Base):
    """Consecutive points of a trace as one compressed array."""

    __tablename__ = "trace_blocks"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    trace: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_step: Mapped[int] = mapped_column(Integer, primary_key=True)
    last_step: Mapped[int] = mapped_column(Integer)
    every: Mapped[int] = mapped_column(Integer)
    dtype: Mapped[str] = mapped_column(String(8))
    shape: Mapped[str] = mapped_column(Text)
    checksum: Mapped[str] = mapped_column(String(32))
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class TraceStart(Base):
    """The first step of a trace that begins later than its run, and its type."""

    __tablename__ = "trace_starts"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    trace: Mapped[str] = mapped_column(String(64), primary_key=True)
    first_step: Mapped[int] = mapped_column(Integer)
    dtype: Mapped[str] = mapped_column(String(8))


class TracePageRow(Base):
    """One figure of consecutive cells of a trace's pyramid; it can be made again from the points."""

    __tablename__ = "trace_pages"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    trace: Mapped[str] = mapped_column(String(64), primary_key=True)
    level: Mapped[int] = mapped_column(Integer, primary_key=True)
    figure: Mapped[str] = mapped_column(String(16), primary_key=True)
    page: Mapped[int] = mapped_column(Integer, primary_key=True)
    dtype: Mapped[str] = mapped_column(String(8))
    shape: Mapped[str] = mapped_column(Text)
    checksum: Mapped[str] = mapped_column(String(32))
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class RetentionPolicy(Base):
    """How many days the points of a sweep's runs are kept; an empty scope is for all other runs."""

    __tablename__ = "retention"

    scope: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    days: Mapped[float] = mapped_column(Float(53))


class ThinnedRun(Base):
    """A run whose points were deleted, and when."""

    __tablename__ = "thinned_runs"

    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"), primary_key=True)
    at: Mapped[float] = mapped_column(Float(53))


class Sweep(Base):
    """A grid of runs; its id is the digest of the request."""

    __tablename__ = "sweeps"
    __table_args__ = (Index("sweeps_age", "created_at", "id"),)

    id: Mapped[str] = mapped_column(DIGEST, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    base: Mapped[str] = mapped_column(Text)
    axes: Mapped[str] = mapped_column(Text)
    seeds: Mapped[str] = mapped_column(Text)
    created_at: Mapped[float] = mapped_column(Float(53))
    runs: Mapped[int] = mapped_column(Integer)
    first_run_at: Mapped[float] = mapped_column(Float(53), server_default="0")
    last_run_at: Mapped[float] = mapped_column(Float(53), server_default="0")
    cancelled_at: Mapped[float | None] = mapped_column(Float(53))


class SweepRun(Base):
    """A run's position in a sweep; a run may belong to several."""

    __tablename__ = "sweep_runs"
    __table_args__ = (Index("sweep_runs_run", "run_id", "sweep_id"),)

    sweep_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("sweeps.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    run_id: Mapped[str] = mapped_column(DIGEST, ForeignKey("runs.id"))
    coordinates: Mapped[str] = mapped_column(Text)


class WorkerRow(Base):
    """A worker process, with its last heartbeat."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    pid: Mapped[int] = mapped_column(Integer)
    device: Mapped[str] = mapped_column(String(32))
    lanes: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[float] = mapped_column(Float(53))
    heartbeat_at: Mapped[float] = mapped_column(Float(53))
    running: Mapped[str] = mapped_column(Text, default="[]")


class Leader(Base):
    """The process that holds a role only one may have, such as the reconciler."""

    __tablename__ = "leader"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    owner: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[float] = mapped_column(Float(53))


class IdempotencyKey(Base):
    """A key that a client sent with a write, and the digest of the body."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_age", "created_at"),)

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_digest: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[float] = mapped_column(Float(53))


def table(model: type[Base]) -> Table:
    """Return a model's table: statements on tables are built faster than on models."""
    assert isinstance(model.__table__, Table)  # noqa: S101 - every model here is a plain table
    return model.__table__
