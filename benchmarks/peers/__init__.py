"""The alternatives, written the way their users would."""
