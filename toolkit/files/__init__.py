"""Files in and out: bytes, lines, tables and JSON values; nothing here knows what a record means."""
