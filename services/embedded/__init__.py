"""The laboratory on one machine: `python -m services.embedded` starts the API, the workers and a broker of its own."""
