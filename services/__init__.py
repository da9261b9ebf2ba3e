"""Where API and workers meet: the database, the broker, and the promises made about runs."""
