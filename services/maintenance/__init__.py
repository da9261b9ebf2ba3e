"""Care of what is stored: what takes the room, whether it is sound, and what may go."""
