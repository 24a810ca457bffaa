"""Calls: ringing, status, TwiML verbs, conferences, recordings."""
