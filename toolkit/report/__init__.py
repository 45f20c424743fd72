"""Pages and cards from manifest and tables: filled by the release issue."""
