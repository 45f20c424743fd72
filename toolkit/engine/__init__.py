"""Shards, runners and global steps: the same bytes whatever the number of workers, and a crash loses little."""
