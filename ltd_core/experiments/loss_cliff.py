"""The cliff in the loss of a recurrent net of one unit, and what one step over it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.trace import TraceInfo

if TYPE_CHECKING:
    from collections.abc import Callable

_START, _TARGET = 0.5, 0.7


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] >= value[1]:
        msg = f"must be [lowest, highest] with lowest below highest, not {list(value)}"
        raise ValueError(msg)
    return value


Range = Annotated[tuple[Real, Real], AfterValidator(_ascending)]


class LossCliff(Standalone):
    """One unit over many steps: its loss over weight and bias, and gradient descent with and without clipping."""

    summary: ClassVar[str] = "Draw the cliff in the loss of one recurrent unit; descend it with and without clipping."
    formula: ClassVar[str] = "x_t = w sigmoid(x_{t-1}) + b, x_0 = 0.5, E = (sigmoid(x_T) - 0.7)^2"
    source: ClassVar[str] = "Pascanu, Mikolov and Bengio 2013, equation 8 and figure 6; Doya 1993"

    experiment: Literal["loss_cliff"] = "loss_cliff"
    length: Annotated[Count, Field(le=1000)] = Field(default=50, description="T, time steps.")
    weights: Range = Field(default=(4.0, 6.5), description="The weights of the surface, lowest and highest.")
    biases: Range = Field(default=(-3.2, -2.0), description="The biases of the surface, lowest and highest.")
    points: Annotated[Count, Field(ge=2, le=1000)] = Field(default=200, description="Weights and biases drawn.")
    start: tuple[Real, Real] = Field(default=(5.0, -2.5), description="Weight and bias where the descent begins.")
    lr: Positive = Field(default=0.2, description="Learning rate of the descent.")
    threshold: Positive = Field(default=0.1, description="Largest norm of the clipped gradient.")
    descent_steps: Annotated[Count, Field(le=1000)] = Field(default=100, description="Steps of the descent.")

    @property
    def steps(self) -> int:
        """Return the number of weights."""
        return self.points

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the surfaces, a point a weight, and the paths, one point each."""
        surface, path = ("weight", "bias"), ("weight", "descent_step", "coordinate")
        sizes = (self.points,), (self.descent_steps + 1, 3)
        which = {"plain": "as it is", "clipped": "clipped to the threshold"}
        return (
            TraceInfo("loss_surface", "loss", surface, 1, "Loss over weight and bias.", sizes[0]),
            TraceInfo("gradient_norm_surface", "norm", surface, 1, "Norm of the loss's gradient there.", sizes[0]),
            *(
                TraceInfo(
                    f"path_{name}", "weight, bias, loss", path, self.points, f"Descent by the gradient {how}.", sizes[1]
                )
                for name, how in which.items()
            ),
        )

    def compute(self) -> Computed:
        """Return surfaces and paths."""
        weight = torch.linspace(*self.weights, self.points, dtype=torch.float64).unsqueeze(1)
        bias = torch.linspace(*self.biases, self.points, dtype=torch.float64).unsqueeze(0)
        loss, slopes = self.loss(weight, bias)
        plain, steps = self._descend(lambda g: g)
        limit = self.threshold
        clipped, _ = self._descend(lambda g: g * min(1.0, limit / max(float(g.norm()), 1e-300)))
        traces = {
            "loss_surface": loss,
            "gradient_norm_surface": slopes.norm(dim=0),
            "path_plain": plain.unsqueeze(0),
            "path_clipped": clipped.unsqueeze(0),
        }
        return Computed(traces, {"largest_step": float(steps.max()), "loss_after_clipping": float(clipped[-1, 2])})

    def loss(self, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return E, and its slopes [2, ...] for weight and bias, carried forward with the state."""
        weight, bias = torch.broadcast_tensors(weight, bias)  # type: ignore[no-untyped-call]
        x, by = torch.full_like(weight, _START), torch.zeros(2, *weight.shape, dtype=weight.dtype)
        for _ in range(self.length):
            s = torch.sigmoid(x)
            by = torch.stack((s, torch.ones_like(s))) + weight * s * (1.0 - s) * by
            x = weight * s + bias
        s = torch.sigmoid(x)
        return (s - _TARGET) ** 2, 2.0 * (s - _TARGET) * s * (1.0 - s) * by

    def _descend(self, change: Callable[[torch.Tensor], torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return weight, bias and loss along the way, [steps + 1, 3], and the lengths of the steps."""
        place, way, lengths = torch.tensor(self.start, dtype=torch.float64), [], []
        for _ in range(self.descent_steps + 1):
            loss, slope = self.loss(place[0], place[1])
            way.append(torch.cat((place, loss.view(1))))
            step = self.lr * change(slope)
            lengths.append(step.norm())
            place = place - step
        return torch.stack(way), torch.stack(lengths[:-1])
