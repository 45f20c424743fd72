"""Pure functions on text, English and Chinese alike: from text to text, or from text to a value."""
