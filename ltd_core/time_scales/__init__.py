"""Time scales of leaky units. A new one: a file here, a line below, a mirror test."""

from ltd_core.registry import Registry
from ltd_core.time_scales.constant import ConstantTimeScale
from ltd_core.time_scales.learned import LearnedTimeScale
from ltd_core.time_scales.log_uniform import LogUniformTimeScale
from ltd_core.time_scales.none import NoTimeScale
from ltd_core.time_scales.time_scale import TimeScale
from ltd_core.time_scales.uniform import UniformTimeScale

TIME_SCALES: Registry[TimeScale] = Registry(
    "time_scale",
    NoTimeScale,
    ConstantTimeScale,
    UniformTimeScale,
    LogUniformTimeScale,
    LearnedTimeScale,
    default=NoTimeScale,
)

__all__ = ["TIME_SCALES", "TimeScale"]
