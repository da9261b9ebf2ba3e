"""A linear recurrence and its gradient: every eigen-component by itself."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import draws_of, unit_vector
from ltd_core.fields import Count, Positive, Real
from ltd_core.initializations import INITIALIZATIONS, Initialization
from ltd_core.initializations.spectral import Spectral
from ltd_core.lazy import torch
from ltd_core.trace import TraceInfo

WIDEST = 256
Rows = Annotated[tuple[Annotated[tuple[Real, ...], Field(max_length=WIDEST)], ...], Field(max_length=WIDEST)]


class LinearRecurrence(Standalone):
    """h_t = h_{t-1} W forward, delta_{t-1} = delta_t W^T backward."""

    summary: ClassVar[str] = "Follow a linear recurrence and its gradient through time, by eigen-component."
    formula: ClassVar[str] = (
        "h_t = h_{t-1} W = sum_i c_i lambda_i^t u_i, u_i left eigenvectors of W; the gradient by the same law with W^T"
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
    matrix: Rows = Field(default=(), description="W as rows; h is a row vector, so the next state is h W. None: drawn.")
    form: Literal["general", "symmetric", "orthogonal", "non_normal"] = Field(
        default="general",
        description="The matrix as it is; its symmetric part; its orthogonal part (QR); or its eigenvalues' moduli on "
        "the diagonal of a triangle with `shear` above it. The second and the last keep the spectral radius.",
    )
    shear: Positive = Field(default=1.0, description="Every element above the diagonal of a non-normal matrix.")
    start: Annotated[tuple[Real, ...], Field(max_length=WIDEST)] = Field(
        default=(), description="h_0, and the gradient at the last step. None: a random direction of norm 1."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = self.size
        if any(len(row) != size for row in self.matrix):
            msg = f"matrix: must be square, {size} rows of {size} numbers"
            raise ValueError(msg)
        if self.start and (len(self.start) != size or not any(self.start)):
            msg = f"start: must be {size} numbers, not all 0"
            raise ValueError(msg)
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
        by = "eigenvalues in descending modulus"
        return (
            TraceInfo("state_norm", "norm", time, 1, "Norm of h_t."),
            TraceInfo("gradient_norm_back", "norm", time, 1, "Norm of the gradient t steps before the last."),
            TraceInfo("state_component", "modulus", wide, 1, f"|c_i lambda_i^t|, {by}; NaN without a basis.", size),
            TraceInfo("gradient_component", "modulus", wide, 1, f"The same of the gradient, {by}.", size),
            TraceInfo("eigenvalues", "modulus", (*wide, "part"), self.length, "Real, imaginary part.", (self.size, 2)),
        )

    def compute(self) -> Computed:
        """Return both ways."""
        matrix = self.w()
        start = self._start()
        values, forward, parts = _followed(matrix, start, self.length)
        _, backward, back_parts = _followed(matrix.t(), start, self.length)
        traces = {
            "state_norm": forward,
            "gradient_norm_back": backward,
            "state_component": parts,
            "gradient_component": back_parts,
            "eigenvalues": torch.view_as_real(values).unsqueeze(0),
        }
        first = start.norm()
        summary = {
            "growth_rate": float(torch.log(forward[-1] / first) / self.length),
            "gradient_growth_rate": float(torch.log(backward[-1] / first) / self.length),
            "transient_growth": float(forward.max() / first),
        }
        return Computed(traces, {name: value if abs(value) < float("inf") else None for name, value in summary.items()})

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
        moduli = torch.linalg.eigvals(drawn).abs()
        if self.form == "non_normal":
            return torch.diag(moduli) + torch.triu(torch.full_like(drawn, self.shear), 1)
        symmetric = (drawn + drawn.t()) / 2.0
        largest = torch.linalg.eigvalsh(symmetric).abs().max()
        scaled: torch.Tensor = symmetric * (moduli.max() / torch.where(largest > 0, largest, 1.0))
        return scaled

    def _start(self) -> torch.Tensor:
        if self.start:
            return torch.tensor(self.start, dtype=torch.float64)
        return unit_vector(self.seed, "start", self.size)


def _followed(
    matrix: torch.Tensor, start: torch.Tensor, length: int
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return eigenvalues [H], norms [T] of start W^t, and moduli of its components in the left eigenvectors, [T, H]."""
    values, vectors = torch.linalg.eig(matrix.t())  # W^T v = lambda v: rows v^T W = lambda v^T
    order = values.abs().argsort(descending=True, stable=True)
    values, vectors = values[order], vectors[:, order]
    parts, broken = torch.linalg.solve_ex(vectors, start.to(values.dtype))
    parts = torch.where(broken == 0, parts, torch.nan)
    times = torch.arange(1, length + 1, dtype=torch.float64).unsqueeze(1)
    logs = torch.log(parts.abs() * vectors.norm(dim=0)) + times * torch.log(values.abs())
    norms, state = [], start
    for _ in range(length):
        state = state @ matrix
        norms.append(state.norm())
    return values, torch.stack(norms), torch.exp(logs)
