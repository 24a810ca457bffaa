using 'main.bicep'

// The same names as in local.settings.json. The secrets are not here: they go straight into the Key Vault.
param twilioAccountSid = readEnvironmentVariable('TWILIO_ACCOUNT_SID')
param twilioApiKey = readEnvironmentVariable('TWILIO_API_KEY', '')
param twilioFromNumber = readEnvironmentVariable('TWILIO_FROM_NUMBER', '')
param twilioMessagingServiceSid = readEnvironmentVariable('TWILIO_MESSAGING_SERVICE_SID', '')
param publicBaseUrl = readEnvironmentVariable('PUBLIC_BASE_URL', '')
param allowedCountries = readEnvironmentVariable('ALLOWED_COUNTRIES', '')
param defaultCountry = readEnvironmentVariable('DEFAULT_COUNTRY', 'US')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')

// Under azd, whoever is logged in there.
param deployerPrincipalId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param deployerPrincipalType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')

// The tag by which destroy.py knows what belongs to the app.
param tags = {
  'phone-deployment': 'phone'
}
