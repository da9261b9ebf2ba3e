"""The REST API and the dashboard's pages: what a client may ask, in the words of the contract (docs/architecture.md)."""

from api.app import create_app

__all__ = ["create_app"]
