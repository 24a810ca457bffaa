"""What the host says when it cannot serve an app."""


class AppError(Exception):
    """The app cannot be served. The message is one sentence for the person who starts it."""
