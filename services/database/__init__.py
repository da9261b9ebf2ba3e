"""The database: its tables, its two engines, and rows written many at a time."""
