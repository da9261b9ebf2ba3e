"""Maintenance of the store: space used, verification, repair, compaction, retention."""
