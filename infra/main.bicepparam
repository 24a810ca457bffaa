using 'main.bicep'

// The parameters for infra/deploy.py, `azd` and the workflow alike. Change a value here, or by `deploy.py --set
// NAME=VALUE`, which writes it here. Every other parameter of main.bicep can be added, like: param alwaysReady = 1
// What comes from the environment has the names of local.settings.json. Secrets go straight into Key Vault.

param name = readEnvironmentVariable('APP_NAME', 'phone')
param twilioAccountSid = readEnvironmentVariable('TWILIO_ACCOUNT_SID')
param twilioApiKey = readEnvironmentVariable('TWILIO_API_KEY', '')
param twilioFromNumber = readEnvironmentVariable('TWILIO_FROM_NUMBER', '')
param twilioMessagingServiceSid = readEnvironmentVariable('TWILIO_MESSAGING_SERVICE_SID', '')
param twilioTwimlAppSid = readEnvironmentVariable('TWILIO_TWIML_APP_SID', '')
param publicBaseUrl = readEnvironmentVariable('PUBLIC_BASE_URL', '')
param allowedCountries = readEnvironmentVariable('ALLOWED_COUNTRIES', '')
param allowedSipHosts = readEnvironmentVariable('ALLOWED_SIP_HOSTS', '')
param allowPremiumNumbers = readEnvironmentVariable('ALLOW_PREMIUM_NUMBERS', 'false')
param defaultCountry = readEnvironmentVariable('DEFAULT_COUNTRY', 'US')
param alertEmail = readEnvironmentVariable('ALERT_EMAIL', '')

// deploy.py sets these two; under azd its hook writes the secrets.
param deployerWritesSecrets = bool(readEnvironmentVariable('DEPLOYER_WRITES_SECRETS', 'true'))
param rotating = bool(readEnvironmentVariable('ROTATING', 'false'))
