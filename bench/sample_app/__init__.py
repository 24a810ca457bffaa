"""A reference: how samples usually send a text from a function."""
