metadata name = 'A phone for Azure'
metadata description = 'The function app with its tables, its secrets, its log and its alerts, in one resource group.'

targetScope = 'resourceGroup'

@description('Begins the names of the resources: 3 to 24 lower-case letters, digits and hyphens.')
@minLength(3)
@maxLength(24)
param name string = 'phone'

@description('The Azure region. It has to offer Flex Consumption: az functionapp list-flexconsumption-locations.')
param location string = resourceGroup().location

@description('Tags for every resource that takes tags, 14 at most.')
param tags object = {}

@description('The Python that the app runs on.')
@allowed([
  '3.11'
  '3.12'
  '3.13'
])
param pythonVersion string = '3.12'

@description('The memory of an instance, in MB; processor and network go with it.')
@allowed([
  512
  2048
])
param instanceMemoryMB int = 512

@description('The most instances that a rush may start.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('How many requests an instance works on at once before another one is started. Azure\'s own default for Python is 1, and every function here is async.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('How many instances are kept warm. They cost money at every hour; with 0, a caller may hear a cold start.')
@minValue(0)
@maxValue(20)
param alwaysReady int = 0

@description('Where alerts are sent. Without an address there are no alerts and no availability test: a watch that tells nobody costs money too.')
param alertEmail string = ''

@description('The most log that a day may bring, in GB. What comes after it is dropped until the next day.')
@minValue(1)
param dailyCapGb int = 1

@description('The object ID of whoever puts the Twilio secrets into the Key Vault; empty for nobody.')
param deployerPrincipalId string = ''

@description('What deployerPrincipalId is the ID of.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param deployerPrincipalType string = 'User'

@description('Twilio\'s SID of the account, AC and 32 hexadecimal digits.')
@minLength(34)
@maxLength(34)
param twilioAccountSid string

@description('The SID of an API key, SK and 32 hexadecimal digits, whose secret is in the Key Vault. Without it the auth token opens Twilio\'s REST API.')
param twilioApiKey string = ''

@description('The number that calls and texts come from, like +15005550006.')
param twilioFromNumber string = ''

@description('A Messaging Service that texts are sent through instead, MG and 32 hexadecimal digits.')
param twilioMessagingServiceSid string = ''

@description('The address at which Twilio reaches the app, where that is not the app\'s own host: Front Door, API Management, a domain of one\'s own.')
param publicBaseUrl string = ''

@description('The countries that may be called and texted, like US,CA. Empty allows all that Twilio does.')
param allowedCountries string = ''

@description('The country of numbers without a country code.')
@minLength(2)
@maxLength(2)
param defaultCountry string = 'US'

@description('True while the auth token is being rotated: webhooks may then also be signed with the Key Vault\'s twilio-auth-token-next.')
param rotating bool = false

// The tables that the app uses, as in shared/storage/tables.py.
var tables = [
  'activity'
  'idempotency'
  'optouts'
  'scripts'
  'sids'
]
var packageContainer = 'app-package'

// Names are made here and looked up in the modules, not handed from module to module: what-if does not look into a
// module whose parameters come out of another one, as those of roles do. https://aka.ms/WhatIfEvalStopped
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
  name: 'identity'
  params: {
    name: identityName
    location: location
    tags: tags
  }
}

module hostStorage 'modules/storageAccount.bicep' = {
  name: 'hostStorage'
  params: {
    name: hostStorageName
    location: location
    tags: tags
    containers: [
      packageContainer
    ]
    tables: []
  }
}

module dataStorage 'modules/storageAccount.bicep' = {
  name: 'dataStorage'
  params: {
    name: dataStorageName
    location: location
    tags: tags
    containers: []
    tables: tables
  }
}

module keyVault 'modules/keyVault.bicep' = {
  name: 'keyVault'
  params: {
    name: keyVaultName
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  params: {
    workspaceName: workspaceName
    applicationInsightsName: applicationInsightsName
    location: location
    tags: tags
    dailyCapGb: dailyCapGb
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  params: {
    appPrincipalId: identity.outputs.principalId
    deployerPrincipalId: deployerPrincipalId
    deployerPrincipalType: deployerPrincipalType
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
  name: 'functionApp'
  params: {
    name: functionAppName
    planName: 'plan-${baseName}'
    location: location
    tags: tags
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
    publicBaseUrl: publicBaseUrl
    allowedCountries: allowedCountries
    defaultCountry: defaultCountry
    rotating: rotating
  }
  // With its roles in place the app reads its secrets, its package and its tables at the first start.
  dependsOn: [
    roles
  ]
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  name: 'alerts'
  params: {
    name: baseName
    actionGroupName: actionGroupName
    shortName: take(name, 12)
    location: location
    tags: tags
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
  name: 'availability'
  params: {
    name: baseName
    actionGroupName: actionGroupName
    location: location
    tags: tags
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

@description('The function app\'s own host. It is not made of the app\'s name alone.')
output functionAppHostName string = functionApp.outputs.hostName

@description('The address at which Twilio is told to reach the app.')
output publicBaseUrl string = functionApp.outputs.publicBaseUrl

@description('The Key Vault that the Twilio secrets go into.')
output keyVaultName string = keyVaultName

@description('The storage account with the log of calls and messages.')
output dataStorageName string = dataStorageName

@description('The storage account with the app\'s package and its function keys.')
output hostStorageName string = hostStorageName

@description('The identity that the app acts as.')
output identityName string = identityName
