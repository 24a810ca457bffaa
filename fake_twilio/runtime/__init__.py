"""Time, background tasks and waiting."""
