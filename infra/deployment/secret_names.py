"""The app's secrets: the setting in the environment, and the name in Key Vault that infra/main.bicep refers to."""

SECRET_NAMES = {
    "TWILIO_AUTH_TOKEN": "twilio-auth-token",
    "TWILIO_AUTH_TOKEN_NEXT": "twilio-auth-token-next",
    "TWILIO_API_SECRET": "twilio-api-secret",
}
