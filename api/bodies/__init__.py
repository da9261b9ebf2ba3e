"""What is sent: types of every answer, and runs and traces as JSON and Arrow."""
