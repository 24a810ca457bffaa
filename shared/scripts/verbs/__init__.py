"""TwiML's verbs and nouns as structs."""
