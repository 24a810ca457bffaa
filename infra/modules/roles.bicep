metadata description = 'Who may do what: the app no more than it needs, and the one who puts the secrets into the vault.'

@description('The app\'s identity.')
param appPrincipalId string

@description('Who puts the secrets into the vault; empty for nobody.')
param deployerPrincipalId string

@description('What deployerPrincipalId is the ID of.')
param deployerPrincipalType string

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

var appOnVault = [
  {
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    role: 'Key Vault Secrets User'
  }
]

var deployerOnVault = [
  {
    principalId: deployerPrincipalId
    principalType: deployerPrincipalType
    role: 'Key Vault Secrets Officer'
  }
]

var onVault = empty(deployerPrincipalId) ? appOnVault : concat(appOnVault, deployerOnVault)

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

resource vaultRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for grant in onVault: {
  name: guid(vault.id, grant.principalId, roleIds[grant.role])
  scope: vault
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[grant.role])
    principalId: grant.principalId
    principalType: grant.principalType
    description: grant.role
  }
}]

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
