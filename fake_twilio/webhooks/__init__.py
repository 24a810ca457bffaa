"""Requests to the app: sign, send, retry, queue, check the answer."""
