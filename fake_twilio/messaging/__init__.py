"""Texts: their lifecycle, inbound texts, and replies by TwiML."""
