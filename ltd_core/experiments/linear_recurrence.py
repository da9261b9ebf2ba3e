"""A linear recurrence and its gradient: every eigen-component by itself."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.errors import FieldError, require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import advance, draws_of, exponential, finite, unit_vector
from ltd_core.fields import Count, Real, Whole
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, Numbers, Picture, Plane
from ltd_core.told import told
from ltd_core.trace import TraceInfo

WIDEST = 256
_MOST = 1_000_000
_WORST_BASIS = 1e10
"""Condition number (Frobenius) from which an eigenbasis tells nothing: it leaves under 6 digits of a component."""
_SHORTEST = 1e-100

Element = Annotated[Real, Field(ge=-1e6, le=1e6)]
Row = Annotated[tuple[Element, ...], Field(max_length=WIDEST)]


class LinearRecurrence(Standalone):
    """h_t = h_{t-1} W forward, delta_{t-1} = delta_t W^T backward."""

    summary: ClassVar[str] = "Follow a linear recurrence and its gradient through time, by eigen-component."
    formula: ClassVar[str] = (
        "W = V diag(lambda) V^-1; h_t = h_{t-1} W = sum_i c_i lambda_i^t u_i, u_i rows of V^-1; "
        "delta_{t-1} = delta_t W^T by the same law in the columns of V"
    )
    source: ClassVar[str] = (
        "Goodfellow, Bengio and Courville 2016, section 10.7; Trefethen and Embree 2005 (transients)"
    )

    experiment: Literal["linear_recurrence"] = "linear_recurrence"
    length: Annotated[Count, Field(le=10_000)] = Field(default=100, description="Time steps.")
    hidden_size: Annotated[Count, Field(le=WIDEST)] = Field(default=20, description="H, where no matrix is given.")
    initialization: Annotated[Initialization, INITIALIZATIONS] = Field(
        default=Spectral(), description="What W is drawn from, where no matrix is given."
    )
    matrix: Annotated[tuple[Row, ...], Field(max_length=WIDEST)] = Field(
        default=(), description="W as rows; h is a row vector, so the next state is h W. None: drawn."
    )
    form: Literal["general", "symmetric", "orthogonal", "non_normal"] = Field(
        default="general",
        description="The matrix as it is; its symmetric part, rescaled to the same spectral radius; its orthogonal "
        "part (QR); or a triangle with its eigenvalues on the diagonal (in blocks of 2 x 2 where they are complex) and "
        "`shear` above them: the same eigenvalues, and a transient that grows first.",
    )
    shear: Annotated[Element, Field(ge=0)] = Field(
        default=1.0, description="Every element above the diagonal, or its blocks, of a non-normal matrix."
    )
    start: Row = Field(
        default=(), description="h_0, and the gradient at the last step. None: a random direction of norm 1."
    )
    eigenvector: Annotated[Whole, Field(ge=0, le=WIDEST)] = Field(
        default=0,
        description="Start in this eigenvector, counted from 1 in descending modulus of the eigenvalue (of a complex "
        "one, in the real part): the state in u_i, the gradient in column i of V. 0: as `start` says.",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = self.size
        if any(len(row) != size for row in self.matrix):
            raise FieldError("matrix", f"must be square, {size} rows of {size} numbers")
        if self.start and (len(self.start) != size or math.hypot(*self.start) < _SHORTEST):
            raise FieldError("start", f"must be {size} numbers, not all 0")
        if self.eigenvector > size or (self.eigenvector and self.start):
            raise FieldError(
                "eigenvector", f"must be at most {size}, and 0 where a start is given, not {self.eigenvector}"
            )
        require_at_most("length", "length x units", self.length * size, _MOST)
        return self

    @property
    def size(self) -> int:
        """Return H."""
        return len(self.matrix) or self.hidden_size

    @property
    def steps(self) -> int:
        """Return the number of time steps."""
        return self.length

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return norms and components by time."""
        time, wide, size = ("time",), ("time", "eigenvalue"), (self.size,)
        by = (
            "eigenvalues in descending modulus; NaN where there is no basis of eigenvectors, or none to speak of, and "
            "where no float holds it"
        )
        return (
            TraceInfo("state_norm", "norm", time, 1, "Norm of h_t; NaN where no float holds it."),
            TraceInfo(
                "gradient_norm_back", "norm", time, 1, "Norm of the gradient t steps before the last; NaN likewise."
            ),
            TraceInfo("state_component", "modulus", wide, 1, f"|c_i lambda_i^t|, {by}.", size),
            TraceInfo("gradient_component", "modulus", wide, 1, f"The same of the gradient, {by}.", size),
            TraceInfo("eigenvalues", "modulus", (*wide, "part"), self.length, "Real, imaginary part.", (self.size, 2)),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return both ways by component, and the eigenvalues that decide them."""
        ways = (
            ("state", "state_norm", "time step", "Which parts of the state grow, and which decay?", self._forward_told),
            (
                "gradient",
                "gradient_norm_back",
                "steps back in time",
                "Which parts of the gradient grow on the way back, and which decay?",
                self._backward_told,
            ),
        )
        size = Axis("size", "log")
        components = Curve("", "time", by="eigenvalue", style="thin", name="|c λ^t|, component", framed=False)
        return (
            *(
                Picture(
                    way,
                    title,
                    Axis(along),
                    size,
                    (
                        replace(components, trace=f"{way}_component"),
                        Curve(norm, "time", name=f"norm of the {way}", style="bold", hue=1),
                    ),
                    caption,
                )
                for way, norm, along, title, caption in ways
            ),
            Picture(
                "eigenvalues",
                "Where do the eigenvalues lie?",
                Axis("real part"),
                Axis("imaginary part"),
                (Plane("eigenvalues"),),
                _radius_told,
            ),
        )

    def _forward_told(self, numbers: Numbers) -> str:
        """Say how the state ends, and how far it rose on its way."""
        peak, when = numbers.highest("state_norm")
        rate = numbers.metric("growth_rate")
        return (
            f"The norm of the state changes by {told(rate)} nats a step; it is largest, {told(peak)}, at step "
            f"{told(when)}, and {told(numbers.point('state_norm', -1))} at the last."
        )

    def _backward_told(self, numbers: Numbers) -> str:
        peak, when = numbers.highest("gradient_norm_back")
        return (
            f"The norm of the gradient changes by {told(numbers.metric('gradient_growth_rate'))} nats a step back; it "
            f"is largest, {told(peak)}, {told(when)} steps back, and {told(numbers.point('gradient_norm_back', -1))} "
            "at the first time step."
        )

    def compute(self) -> Computed:
        """Return both ways."""
        matrix = self.w()
        values, right = _eigen(matrix)
        state, gradient = self.starts(matrix, values, right)
        forward = _log_norms(matrix, state, self.length)
        backward = _log_norms(matrix.t(), gradient, self.length)
        parts, back_parts = _components(values, right, state, gradient, self.length)
        traces = {
            "state_norm": exponential(forward),
            "gradient_norm_back": exponential(backward),
            "state_component": parts,
            "gradient_component": back_parts,
            "eigenvalues": torch.view_as_real(values).unsqueeze(0),
        }
        summary = {
            "growth_rate": (float(forward[-1]) - math.log(state.norm())) / self.length,
            "gradient_growth_rate": (float(backward[-1]) - math.log(gradient.norm())) / self.length,
            "transient_growth": float(torch.exp(forward.max() - torch.log(state.norm()))),
        }
        return Computed(traces, finite(summary))

    def w(self) -> torch.Tensor:
        """Return W in the form that is asked for, [H, H], float64."""
        if self.matrix:
            drawn = torch.tensor(self.matrix, dtype=torch.float64)
        else:
            drawn = self.initialization.recurrent(draws_of(self.seed, "initialization"), 0, self.size)
        if self.form == "general":
            return drawn
        if self.form == "orthogonal":
            orthogonal, triangle = torch.linalg.qr(drawn)
            found: torch.Tensor = orthogonal * torch.where(triangle.diagonal() < 0, -1.0, 1.0)
            return found
        values = torch.linalg.eigvals(drawn)
        if self.form == "non_normal":
            return _triangle(values, self.shear)
        symmetric = (drawn + drawn.t()) / 2.0
        largest = torch.linalg.eigvalsh(symmetric).abs().max()
        scaled: torch.Tensor = symmetric * (values.abs().max() / torch.where(largest > 0, largest, 1.0))
        return scaled

    def starts(
        self, matrix: torch.Tensor, values: torch.Tensor, right: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return h_0 and the gradient at the last step, [H] each."""
        if self.eigenvector:
            others, left = _eigen(matrix.t())
            chosen = self.eigenvector - 1
            nearest = int((others - values[chosen]).abs().argmin())
            return _real_unit(left[:, nearest]), _real_unit(right[:, chosen])
        given = torch.tensor(self.start, dtype=torch.float64) if self.start else None
        start = unit_vector(self.seed, "start", self.size) if given is None else given
        return start, start


def _radius_told(numbers: Numbers) -> str:
    """Say the spectral radius, and on which side of 1 it lies."""
    radius = math.hypot(numbers.point("eigenvalues", -1, 0, 0), numbers.point("eigenvalues", -1, 0, 1))
    beyond = "outside the unit circle: its component grows" if radius > 1 else "inside the unit circle: all decay"
    return f"The largest modulus, the spectral radius, is {told(radius)}, {beyond}."


def _eigen(matrix: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return eigenvalues [H] in descending modulus, and eigenvectors as columns [H, H], complex."""
    values, vectors = torch.linalg.eig(matrix)
    order = values.abs().argsort(descending=True, stable=True)
    return values[order], vectors[:, order]


def _real_unit(vector: torch.Tensor) -> torch.Tensor:
    """Return the real part, of norm 1, of a complex vector whose largest element was made real."""
    largest = vector[vector.abs().argmax()]
    real = (vector * (largest.abs() / largest)).real
    unit: torch.Tensor = real / real.norm()
    return unit


def _triangle(values: torch.Tensor, shear: float) -> torch.Tensor:
    """Return a matrix in real Schur form [H, H] with these eigenvalues, which come in conjugate pairs."""
    size, i = len(values), 0
    matrix = torch.triu(torch.full((size, size), shear, dtype=torch.float64), 1)
    for value in sorted((complex(v) for v in values if v.imag >= 0), key=abs, reverse=True):
        matrix[i, i] = value.real
        if value.imag > 0:
            matrix[i + 1, i + 1], matrix[i, i + 1], matrix[i + 1, i] = value.real, value.imag, -value.imag
        i += 2 if value.imag > 0 else 1
    return matrix


def _log_norms(matrix: torch.Tensor, start: torch.Tensor, length: int) -> torch.Tensor:
    """Return ln |start W^t| for t = 1 ... length."""
    size = start.norm()
    state, log_size, logs = (start / size).unsqueeze(0), torch.log(size).view(1, 1), []
    for _ in range(length):
        state, log_size, _ = advance("identity", state, log_size, matrix)
        logs.append(log_size)
    return torch.cat(logs).flatten()


def _components(
    values: torch.Tensor, right: torch.Tensor, state: torch.Tensor, gradient: torch.Tensor, length: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the moduli of the components of h_t and of the gradient t steps back, [T, H] each."""
    left, broken = torch.linalg.inv_ex(right)
    usable = (broken == 0) & (right.norm() * left.norm() < _WORST_BASIS)
    first = (state.to(right.dtype) @ right).abs() * left.norm(dim=1)
    last = (left @ gradient.to(right.dtype)).abs() * right.norm(dim=0)
    times = torch.arange(1, length + 1, dtype=torch.float64).unsqueeze(1)
    growth = times * torch.log(values.abs())
    forward, backward = (exponential(torch.log(part) + growth) for part in (first, last))
    return torch.where(usable, forward, torch.nan), torch.where(usable, backward, torch.nan)
