"""A reference: a function app that does nothing."""
