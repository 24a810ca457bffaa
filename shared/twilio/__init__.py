"""Twilio: the REST client, its error codes, and the guard of the webhooks."""
