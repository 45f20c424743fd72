"""The review page for experts: filled by the labeling issue."""
