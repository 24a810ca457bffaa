metadata name = 'A phone for Azure'
metadata description = 'The function app with its tables, its secrets, its log and its alerts, in one resource group.'

targetScope = 'resourceGroup'

@description('The app\'s name, with which the names of its resources begin: 3 to 24 lower-case letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string = 'phone'

@description('The Azure region. It has to offer Flex Consumption: az functionapp list-flexconsumption-locations.')
param location string = resourceGroup().location

@description('Tags for every resource that takes tags, 13 at most.')
param tags object = {}

@description('The version of Python.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
  '3.14'
])
param pythonVersion string = '3.13'

@description('The memory of an instance, in MB; processor and network go with it.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 512

@description('The replication of storage: Standard_LRS within one data centre, Standard_ZRS over the zones of a region.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param storageSku string = 'Standard_LRS'

@description('The maximum number of instances.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('The number of concurrent requests of an instance before another one is started. Azure\'s default for Python is 1; every function here is async.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('The number of instances that are always ready. They are billed by the hour; with 0, a caller may wait for a cold start.')
@minValue(0)
@maxValue(20)
param alwaysReady int = 0

@description('The e-mail address for alerts. Without it there are no alerts and no availability test.')
param alertEmail string = ''

@description('The daily limit of the log, in GB. More is dropped until the next day.')
@minValue(1)
param dailyCapGb int = 1

@description('True gives the identity that deploys the role to write secrets into the Key Vault.')
param deployerWritesSecrets bool = false

@description('Twilio\'s SID of the account, AC and 32 hexadecimal digits.')
@minLength(34)
@maxLength(34)
param twilioAccountSid string

@description('The SID of an API key, SK and 32 hexadecimal digits, whose secret is in the Key Vault. Without it the app uses the auth token for Twilio\'s REST API.')
param twilioApiKey string = ''

@description('The number that calls and messages come from, like +15005550006.')
param twilioFromNumber string = ''

@description('A Messaging Service to send messages through instead, MG and 32 hexadecimal digits.')
param twilioMessagingServiceSid string = ''

@description('The TwiML App that calls from a browser go to, AP and 32 hexadecimal digits.')
param twilioTwimlAppSid string = ''

@description('The address at which Twilio reaches the app, if it is not the app\'s own host: Front Door, API Management, a custom domain.')
param publicBaseUrl string = ''

@description('The countries that calls and messages may go to, like US,CA. Empty allows all that Twilio allows.')
param allowedCountries string = ''

@description('The SIP hosts that calls may go to where allowedCountries is set, like sip.example.com.')
param allowedSipHosts string = ''

@description('Whether premium-rate, shared-cost and personal numbers may be called and texted.')
@allowed(['true', 'false'])
param allowPremiumNumbers string = 'false'

@description('The country of numbers without a country code.')
@minLength(2)
@maxLength(2)
param defaultCountry string = 'US'

@description('True while the auth token is being rotated: webhooks may then also be signed with the Key Vault\'s twilio-auth-token-next.')
param rotating bool = false

// The tables that the app uses, as in shared/storage/tables.py.
var tables = [
  'activity'
  'callerids'
  'idempotency'
  'optouts'
  'scripts'
  'sids'
]
var packageContainer = 'app-package'

// By this tag the commands in infra/ find what belongs to the app.
var allTags = union(tags, { 'phone-deployment': name })

// Modules get names and look the resources up: what-if does not look into a module whose parameters are outputs of
// another one, as those of roles are. https://aka.ms/WhatIfEvalStopped
var unique = uniqueString(resourceGroup().id, name)
var baseName = '${name}-${take(unique, 8)}'
var functionAppName = 'func-${baseName}'
var identityName = 'id-${baseName}'
var hostStorageName = 'st${unique}host'
var dataStorageName = 'st${unique}data'
var keyVaultName = 'kv-${unique}'
var workspaceName = 'log-${baseName}'
var applicationInsightsName = 'appi-${baseName}'
var actionGroupName = 'ag-${baseName}'

module identity 'modules/identity.bicep' = {
  name: '${name}-identity'
  params: {
    name: identityName
    location: location
    tags: allTags
  }
}

module hostStorage 'modules/storageAccount.bicep' = {
  name: '${name}-hostStorage'
  params: {
    name: hostStorageName
    location: location
    tags: allTags
    sku: storageSku
    containers: [
      packageContainer
    ]
    tables: []
  }
}

module dataStorage 'modules/storageAccount.bicep' = {
  name: '${name}-dataStorage'
  params: {
    name: dataStorageName
    location: location
    tags: allTags
    sku: storageSku
    containers: []
    tables: tables
  }
}

module keyVault 'modules/keyVault.bicep' = {
  name: '${name}-keyVault'
  params: {
    name: keyVaultName
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: '${name}-monitoring'
  params: {
    workspaceName: workspaceName
    applicationInsightsName: applicationInsightsName
    location: location
    tags: allTags
    dailyCapGb: dailyCapGb
  }
}

module roles 'modules/roles.bicep' = {
  name: '${name}-roles'
  params: {
    appPrincipalId: identity.outputs.principalId
    deployerPrincipalId: deployerWritesSecrets ? deployer().objectId : ''
    hostStorageName: hostStorageName
    dataStorageName: dataStorageName
    keyVaultName: keyVaultName
    applicationInsightsName: applicationInsightsName
  }
  dependsOn: [
    hostStorage
    dataStorage
    keyVault
    monitoring
  ]
}

module functionApp 'modules/functionApp.bicep' = {
  name: '${name}-functionApp'
  params: {
    name: functionAppName
    planName: 'plan-${baseName}'
    location: location
    tags: allTags
    identityName: identityName
    hostStorageName: hostStorageName
    packageContainer: packageContainer
    dataStorageName: dataStorageName
    keyVaultName: keyVaultName
    applicationInsightsName: applicationInsightsName
    pythonVersion: pythonVersion
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    twilioAccountSid: twilioAccountSid
    twilioApiKey: twilioApiKey
    twilioFromNumber: twilioFromNumber
    twilioMessagingServiceSid: twilioMessagingServiceSid
    twilioTwimlAppSid: twilioTwimlAppSid
    publicBaseUrl: publicBaseUrl
    allowedCountries: allowedCountries
    allowedSipHosts: allowedSipHosts
    allowPremiumNumbers: allowPremiumNumbers
    defaultCountry: defaultCountry
    rotating: rotating
  }
  // With its roles in place the app reads its secrets, its package and its tables at the first start.
  dependsOn: [
    roles
  ]
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  name: '${name}-alerts'
  params: {
    name: baseName
    actionGroupName: actionGroupName
    shortName: take(name, 12)
    location: location
    tags: allTags
    email: alertEmail
    dataStorageName: dataStorageName
    keyVaultName: keyVaultName
    workspaceName: workspaceName
  }
  dependsOn: [
    dataStorage
    keyVault
    monitoring
  ]
}

module availability 'modules/availability.bicep' = if (!empty(alertEmail)) {
  name: '${name}-availability'
  params: {
    name: baseName
    actionGroupName: actionGroupName
    location: location
    tags: allTags
    functionAppName: functionAppName
    publicBaseUrl: publicBaseUrl
    applicationInsightsName: applicationInsightsName
  }
  dependsOn: [
    alerts
    functionApp
  ]
}

@description('The function app.')
output functionAppName string = functionAppName

@description('The function app\'s own host. It contains a hash, so it does not follow from the name.')
output functionAppHostName string = functionApp.outputs.hostName

@description('The address at which Twilio reaches the app.')
output publicBaseUrl string = functionApp.outputs.publicBaseUrl

@description('The Key Vault for Twilio\'s secrets.')
output keyVaultName string = keyVaultName

@description('The storage account with the log of calls and messages.')
output dataStorageName string = dataStorageName

@description('The storage account with the app\'s package and function keys.')
output hostStorageName string = hostStorageName

@description('The identity of the app.')
output identityName string = identityName
