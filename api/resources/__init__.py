"""One file a resource: its routes, and the service that each asks."""
