"""Scripts: TwiML as data. A JSON list of verbs is checked before Twilio sees it, and becomes TwiML."""
