metadata description = 'The identity of the app. It exists before the app, so that its roles do too.'

@description('The name of the identity.')
param name string

@description('The Azure region.')
param location string

@description('Tags for the identity.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The object ID of the identity, for role assignments.')
output principalId string = identity.properties.principalId
