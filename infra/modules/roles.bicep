metadata description = 'The roles of the app, as few as it needs, and the role to write secrets into the vault.'

@description('The app\'s identity.')
param appPrincipalId string

@description('The object ID of the identity that may write secrets into the vault; empty for none.')
param deployerPrincipalId string

@description('The host\'s storage account.')
param hostStorageName string

@description('The storage account with the tables.')
param dataStorageName string

@description('The vault with the secrets.')
param keyVaultName string

@description('The Application Insights component.')
param applicationInsightsName string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var roleIds = {
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

var onStorage = [
  {
    // The package, the function keys and the host's locks.
    // https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
    account: hostStorageName
    role: 'Storage Blob Data Owner'
  }
  {
    account: dataStorageName
    role: 'Storage Table Data Contributor'
  }
]

resource accounts 'Microsoft.Storage/storageAccounts@2025-06-01' existing = [for grant in onStorage: {
  name: grant.account
}]

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: keyVaultName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

// The principal is part of each name: an assignment cannot be moved to another one, so a new identity needs a new name.
resource storageRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (grant, i) in onStorage: {
  name: guid(accounts[i].id, appPrincipalId, roleIds[grant.role])
  scope: accounts[i]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    description: grant.role
  }
}]

resource vaultRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, appPrincipalId, roleIds['Key Vault Secrets User'])
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds['Key Vault Secrets User'])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    description: 'Key Vault Secrets User'
  }
}

// Without a principalType, Azure looks up what the identity is: a user, or the service principal of a pipeline.
resource deployerRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(deployerPrincipalId)) {
  name: guid(vault.id, deployerPrincipalId, roleIds['Key Vault Secrets Officer'])
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds['Key Vault Secrets Officer'])
    principalId: deployerPrincipalId
    description: 'Key Vault Secrets Officer'
  }
}

resource monitoringRole 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, appPrincipalId, roleIds['Monitoring Metrics Publisher'])
  scope: component
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds['Monitoring Metrics Publisher'])
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    description: 'Monitoring Metrics Publisher'
  }
}
