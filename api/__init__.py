"""The REST API and the dashboard: what a client may ask, in the words of docs/architecture.md."""

from api.app import create_app

__all__ = ["create_app"]
