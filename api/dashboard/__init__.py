"""The dashboard: pages, their ES modules, and the report."""

from api.dashboard.blueprint import blueprint

__all__ = ["blueprint"]
