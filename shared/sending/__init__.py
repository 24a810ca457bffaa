"""Calls and messages that the app starts: never sent twice, and the outcome never unknown for long."""
