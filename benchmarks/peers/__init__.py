"""What people would use instead, written the way they would write it."""
