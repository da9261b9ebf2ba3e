"""The clipping of all rows of a pack: every rule that a lane has, each on its own lanes, on minibatches or examples."""

from __future__ import annotations

from ltd_core.clipping import Clipped, Clipping, Gradient
from ltd_core.clipping.none import NoClipping
from ltd_core.engine.lane import Lane
from ltd_core.engine.lane_settings import Settings, refill, settings_of
from ltd_core.engine.layout import Layout
from ltd_core.lazy import torch
from ltd_core.randomness import Draws, stream_key
from ltd_core.scaling import norms


class Clipper:
    """Holds the rules' settings, by row, and what they remember, [K, n]; rows without a lane are not clipped."""

    def __init__(self, layout: Layout, rows: torch.Tensor, memory: Settings) -> None:
        self._layout, self._like, self._memory = layout, rows, memory
        self._settings: Settings = {}
        self._movable = None if layout.periods is None else (layout.periods > 0).to(rows.device)
        self._masks: dict[type[Clipping], torch.Tensor] = {}
        self._words = torch.zeros(len(rows), 4, dtype=torch.int64, device=rows.device)

    def load(self, lanes: list[Lane]) -> bool:
        """Take the rules of lanes, which fill the first rows; return whether the same operations serve as before."""
        rows = len(self._like)
        rules: list[Clipping] = [lane.clipping for lane in lanes] + [NoClipping()] * (rows - len(lanes))
        kinds = dict.fromkeys(type(rule) for rule in rules)
        flags = {kind: torch.tensor([type(rule) is kind for rule in rules]) for kind in kinds}
        masks = {kind: flag.to(self._like.device) for kind, flag in flags.items()}
        keys = [stream_key(lane.spec.seed, "clipping") for lane in lanes]
        self._words[: len(lanes)] = Draws.of(keys, [0] * len(lanes)).words.to(self._words.device)
        same = [refill(self._masks, masks), refill(self._settings, settings_of(rules, self._like))]
        return all(same)

    def clip(  # noqa: PLR0913, PLR0917 - an update has this many parts
        self,
        gradient: torch.Tensor,
        norm: torch.Tensor,
        weights: torch.Tensor,
        steps: torch.Tensor,
        alive: torch.Tensor,
        due: torch.Tensor | None = None,
    ) -> Clipped:
        """Return the clipped mean of gradients [K, B, P], B being 1 for minibatches, of whose mean `norm` is known.

        Steps are [K, 1], alive [K]; `due`, [K, P], says which numbers move at this update, all where it is None: no
        random step has others.
        """
        lanes, each, numbers = gradient.shape
        rows = gradient.reshape(-1, numbers)

        def spread(values: torch.Tensor) -> torch.Tensor:
            return values.repeat_interleave(each, 0) if each > 1 else values

        seen = Gradient(
            rows=rows,
            norm=norm if each == 1 else norms(rows),
            weights=spread(weights),
            views=self._layout.views,
            directions=lambda: self._directions(steps, each, numbers, due).to(rows.dtype),
            memory=self._memory,
            movable=self._movable,
        )
        settings, masks = self._settings, self._masks
        if each > 1:
            settings = {name: spread(values) for name, values in settings.items()}
            masks = {kind: spread(mask) for kind, mask in masks.items()}
        clipped = self._rules(seen, settings, masks)
        for name, values in clipped.memory.items():
            self._memory[name].copy_(torch.where(alive.unsqueeze(-1), values, self._memory[name]))
        if each == 1:
            return clipped
        mean = clipped.gradient.view(lanes, each, numbers).sum(1) / each
        return Clipped(mean, clipped.share.view(lanes, each).sum(1) / each)

    @staticmethod
    def _rules(seen: Gradient, settings: Settings, masks: dict[type[Clipping], torch.Tensor]) -> Clipped:
        """Apply every rule to all rows, and take each row from its own."""
        first, *others = masks
        clipped = first.clip(seen, settings)
        for other in others:
            mine, more = masks[other], other.clip(seen, settings)
            clipped = Clipped(
                torch.where(mine.unsqueeze(-1), more.gradient, clipped.gradient),
                torch.where(mine, more.share, clipped.share),
                {**clipped.memory, **more.memory},
            )
        return clipped

    def _directions(
        self, steps: torch.Tensor, each: int, numbers: int, due: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return a random direction for every row, [K B, P], float64; on the CPU lane by lane, to the same last bit."""
        words = torch.cat((self._words[:, :2], steps, torch.zeros_like(steps)), 1)
        parts = words.split(1) if words.device.type == "cpu" else (words,)  # type: ignore[no-untyped-call]
        drawn = [Draws(part).normal(0, each, numbers).flatten(0, 1) for part in parts]
        if due is not None:
            own = due.repeat_interleave(each, 0).split(len(drawn[0]))  # type: ignore[no-untyped-call]
            drawn = [torch.where(mine, part, 0.0) for part, mine in zip(drawn, own, strict=True)]
        return torch.cat([_direction(part) for part in drawn])


def _direction(rows: torch.Tensor) -> torch.Tensor:
    """Return rows of length 1; 0 where no number can move."""
    length = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    return torch.where(length > 0, rows / length, 0.0)
