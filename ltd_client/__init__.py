"""The client: the SDK (`Lab`) and the `ltd` command. Needs none of the server's libraries."""

from ltd_client.errors import BadRequest, ClientError, Unreachable
from ltd_client.sdk import Lab

__all__ = ["BadRequest", "ClientError", "Lab", "Unreachable"]
