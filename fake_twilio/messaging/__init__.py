"""Messages: their lifecycle, inbound messages, and replies by TwiML."""
