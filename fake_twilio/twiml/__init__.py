"""The language TwiML, for calls and messages alike: fetch, parse, check."""
