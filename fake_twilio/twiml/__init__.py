"""The language TwiML, for calls and texts alike: fetch, parse, check."""
