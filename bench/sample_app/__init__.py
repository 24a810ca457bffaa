"""A reference: how samples usually send a message from a function."""
