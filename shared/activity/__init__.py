"""The log of calls and messages: one row each, one property for each event."""
