"""What every request meets: log, security, its query and body, problems."""
