"""The cliff in the loss of a recurrent net of one unit, and what one step over it does."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ltd_core.errors import require_at_most
from ltd_core.experiments.direct import Computed, Standalone
from ltd_core.experiments.recurrence import finite
from ltd_core.fields import Count, Positive, Real
from ltd_core.lazy import torch
from ltd_core.picture import Axis, Curve, HeatMap, Numbers, Path, Picture
from ltd_core.told import told
from ltd_core.trace import TraceInfo

_MOST_POINTS, _MOST_DESCENT = 150_000_000, 100_000
_START, _TARGET = 0.5, 0.7


def _ascending(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] >= value[1]:
        raise ValueError(f"must be [lowest, highest] with lowest below highest, not {list(value)}")
    return value


Place = Annotated[Real, Field(ge=-1000, le=1000)]
Range = Annotated[tuple[Place, Place], AfterValidator(_ascending)]


def _evenly(ends: tuple[float, float], points: int) -> tuple[float, ...]:
    low, high = ends
    return tuple(low + (high - low) * i / (points - 1) for i in range(points))


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
    start: tuple[Place, Place] = Field(default=(5.0, -2.5), description="Weight and bias where the descent begins.")
    lr: Annotated[Positive, Field(le=1e6)] = Field(default=0.2, description="Learning rate of the descent.")
    threshold: Positive = Field(default=0.1, description="Largest norm of the clipped gradient.")
    descent_steps: Annotated[Count, Field(le=1000)] = Field(default=100, description="Steps of the descent.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        require_at_most("points", "points^2 x length", self.points**2 * self.length, _MOST_POINTS)
        require_at_most("descent_steps", "descent_steps x length", self.descent_steps * self.length, _MOST_DESCENT)
        return self

    @property
    def steps(self) -> int:
        """Return the number of weights."""
        return self.points

    def traces(self) -> tuple[TraceInfo, ...]:
        """Return the surfaces, a point a weight, and the paths, one point each."""
        surface, path = ("weight", "bias"), ("run", "descent_step", "coordinate")
        sizes = (self.points,), (self.descent_steps + 1, 3)
        places = {"weight": _evenly(self.weights, self.points), "bias": _evenly(self.biases, self.points)}
        ways = {"descent_step": range(self.descent_steps + 1), "coordinate": ("weight", "bias", "loss")}
        which = {"plain": "as it is", "clipped": "clipped to the threshold"}
        return (
            TraceInfo("loss_surface", "loss", surface, 1, "Loss over weight and bias.", sizes[0], places),
            TraceInfo(
                "gradient_norm_surface",
                "norm",
                surface,
                1,
                "Norm of the loss's gradient there; NaN where no float holds it.",
                sizes[0],
                places,
            ),
            *(
                TraceInfo(
                    f"path_{name}",
                    "weight, bias, loss",
                    path,
                    self.points,
                    f"Descent by the gradient {how}.",
                    sizes[1],
                    ways,
                )
                for name, how in which.items()
            ),
        )

    def pictures(self) -> tuple[Picture, ...]:
        """Return the surface with both ways over it, and the loss along them."""
        bias, weight = Axis("bias b", range=self.biases), Axis("weight w", range=self.weights)
        ways = {"plain": ("without clipping", 1), "clipped": (f"clipped to {told(self.threshold)}", 3)}
        return (
            Picture(
                "cliff",
                "What does one step over the cliff do, with and without clipping?",
                bias,
                weight,
                (
                    HeatMap("loss_surface", "bias", "weight", Axis("loss", "log")),
                    *(Path(f"path_{name}", 1, 0, text, hue) for name, (text, hue) in ways.items()),
                ),
                self._told,
            ),
            Picture(
                "descent",
                "How does the loss go on after the cliff?",
                Axis("step of descent"),
                Axis("loss", "log"),
                tuple(
                    Curve(f"path_{name}", "descent_step", text, at={"coordinate": 2}, hue=hue)
                    for name, (text, hue) in ways.items()
                ),
            ),
            Picture(
                "steepness",
                "Where is the loss steep?",
                bias,
                weight,
                (HeatMap("gradient_norm_surface", "bias", "weight", Axis("norm of the gradient", "log")),),
            ),
        )

    def _told(self, numbers: Numbers) -> str:
        """Say the longest step, and both losses at the end."""
        return (
            f"The longest step without clipping has length {told(numbers.metric('largest_step'))}; after "
            f"{self.descent_steps} steps the loss is {told(numbers.point('path_plain', -1, -1, 2))} without clipping "
            f"and {told(numbers.metric('loss_after_clipping'))} with it."
        )

    def compute(self) -> Computed:
        """Return surfaces and paths."""
        weight = torch.linspace(*self.weights, self.points, dtype=torch.float64).unsqueeze(1)
        bias = torch.linspace(*self.biases, self.points, dtype=torch.float64).unsqueeze(0)
        loss, slopes = self.loss(weight, bias)
        norms = torch.hypot(*slopes)
        lost = ~norms.isfinite() | ((norms == 0) & (loss > 0))  # no other place has a slope of 0
        (plain, clipped), longest = self._descend()
        traces = {
            "loss_surface": loss,
            "gradient_norm_surface": torch.where(lost, torch.nan, norms),
            "path_plain": plain.unsqueeze(0),
            "path_clipped": clipped.unsqueeze(0),
        }
        return Computed(traces, finite({"largest_step": longest, "loss_after_clipping": float(clipped[-1, 2])}))

    def loss(self, weight: torch.Tensor, bias: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return E, and its slopes [2, ...] for weight and bias, carried forward with the state."""
        weight, bias = torch.broadcast_tensors(weight, bias)  # type: ignore[no-untyped-call]
        x, by = torch.full_like(weight, _START), torch.zeros(2, *weight.shape, dtype=weight.dtype)
        for _ in range(self.length):
            s = torch.sigmoid(x)
            by = torch.stack((s, torch.ones_like(s))) + weight * s * torch.sigmoid(-x) * by
            x = weight * s + bias
        s = torch.sigmoid(x)
        return (s - _TARGET) ** 2, 2.0 * (s - _TARGET) * s * torch.sigmoid(-x) * by

    def _descend(self) -> tuple[torch.Tensor, float]:
        """Return weight, bias and loss along both ways, [2, steps + 1, 3], and the longest step without clipping."""
        places, way, longest = torch.tensor([self.start] * 2, dtype=torch.float64), [], torch.zeros(()).double()
        limits = torch.tensor([torch.inf, self.threshold], dtype=torch.float64)
        for _ in range(self.descent_steps):
            loss, slopes = self.loss(places[:, 0], places[:, 1])
            way.append(torch.cat((places, loss.unsqueeze(1)), dim=1))
            norms = torch.hypot(*slopes)
            shares = torch.where(norms > limits, limits / norms, 1.0)
            steps = self.lr * shares.unsqueeze(1) * slopes.t()
            longest = torch.maximum(longest, torch.hypot(*steps[0]))  # NaN from the first that is
            places = places - steps
        way.append(torch.cat((places, self.loss(places[:, 0], places[:, 1])[0].unsqueeze(1)), dim=1))
        return torch.stack(way, dim=1), float(longest)
