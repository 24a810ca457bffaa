"""Dial and its nouns."""
