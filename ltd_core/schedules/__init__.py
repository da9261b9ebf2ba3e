"""Schedules of the learning rate. A new one: a file here, a line below, a mirror test."""

from ltd_core.registry import Registry
from ltd_core.schedules.constant import ConstantSchedule
from ltd_core.schedules.cosine import CosineSchedule
from ltd_core.schedules.exponential import ExponentialSchedule
from ltd_core.schedules.inverse import InverseSchedule
from ltd_core.schedules.schedule import Schedule

SCHEDULES: Registry[Schedule] = Registry(
    "schedule",
    ConstantSchedule,
    ExponentialSchedule,
    InverseSchedule,
    CosineSchedule,
    default=ConstantSchedule,
)

__all__ = ["SCHEDULES", "Schedule"]
