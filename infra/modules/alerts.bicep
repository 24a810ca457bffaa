metadata description = 'Alerts by mail: on lines in the log, and on answers of the tables and the vault.'

@description('The end of the alerts\' names.')
param name string

@description('The name of the action group.')
@maxLength(260)
param actionGroupName string

@description('The sender in the mails.')
@maxLength(12)
param shortName string

@description('The Azure region.')
param location string

@description('Tags for the alerts.')
param tags object

@description('The e-mail address that receives the alerts.')
param email string

@description('The storage account with the tables.')
param dataStorageName string

@description('The vault with the secrets.')
param keyVaultName string

@description('The Log Analytics workspace.')
param workspaceName string

resource dataStorage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataStorageName
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: keyVaultName
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: workspaceName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: shortName
    enabled: true
    emailReceivers: [
      {
        name: 'owner'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

// Each query is tried on lines that the running app writes: tests/infra/test_bicep_alerts.py. Severity 3 is an error.
var logAlerts = [
  {
    id: 'webhooks-refused'
    severity: 1
    title: 'Webhooks are refused'
    description: 'Signatures do not match: is PUBLIC_BASE_URL the address that Twilio calls, and TWILIO_AUTH_TOKEN the account\'s? Requests without a signature are not counted.'
    query: '''
AppTraces
| where Message contains " refused: "
| where Message !contains "X-Twilio-Signature is missing"
'''
  }
  {
    id: 'webhooks-failing'
    severity: 1
    title: 'Webhooks fail'
    description: 'The app or its host logged an error: a function ended with an exception, signatures cannot be checked, the tables cannot be reached, or Twilio reports that a webhook failed.'
    query: '''
AppTraces
| where SeverityLevel >= 3
| where not(Message matches regex @"^\w+ (answers 5\d\d |failed(\n|$))")
'''
  }
  {
    id: 'sends-failing'
    severity: 1
    title: 'Calls and texts fail'
    description: 'Requests of the app\'s users are answered with 5xx: Twilio cannot be reached, rejects the credentials, or an outcome is unknown.'
    query: '''
AppTraces
| where SeverityLevel >= 3
| where Message matches regex @"^\w+ (answers 5\d\d |failed(\n|$))"
'''
  }
  {
    id: 'log-capped'
    severity: 2
    title: 'The log has reached its daily cap'
    description: 'No more lines are logged today, so no other alert on the log can fire.'
    // https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap
    query: '''
_LogOperation
| where Category =~ "Ingestion"
| where Detail contains "OverQuota"
'''
  }
]

resource logAlertRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in logAlerts: {
  name: 'alert-${alert.id}-${name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: alert.title
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [
      workspace.id
    ]
    evaluationFrequency: 'PT15M'
    // Lines arrive some minutes late: the windows overlap, so that none is missed.
    windowSize: 'PT30M'
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    // A new workspace has no tables yet.
    skipQueryValidation: true
    autoMitigate: true
    actions: {
      actionGroups: [
        actionGroup.id
      ]
    }
  }
}]

var metricAlerts = [
  {
    id: 'storage-throttled'
    severity: 2
    description: 'The tables are throttled. Twilio sends a callback that is not stored again, three times.'
    scope: dataStorage.id
    namespace: 'Microsoft.Storage/storageAccounts'
    metric: 'Transactions'
    aggregation: 'Total'
    dimension: 'ResponseType'
    // https://learn.microsoft.com/azure/storage/tables/monitor-table-storage-reference#metrics-dimensions
    values: [
      'ClientAccountBandwidthThrottlingError'
      'ClientAccountRequestThrottlingError'
      'ClientThrottlingError'
      'ServerBusyError'
    ]
  }
  {
    id: 'key-vault-denied'
    severity: 1
    description: 'The vault rejected a request: the app may have lost its role, or somebody else tries to read secrets.'
    scope: vault.id
    namespace: 'Microsoft.KeyVault/vaults'
    metric: 'ServiceApiResult'
    aggregation: 'Count'
    dimension: 'StatusCode'
    // Every client begins with a request that is answered 401 and then sends a token.
    // https://learn.microsoft.com/azure/key-vault/general/monitor-key-vault-reference
    values: [
      '403'
    ]
  }
]

resource metricAlertRules 'Microsoft.Insights/metricAlerts@2018-03-01' = [for alert in metricAlerts: {
  name: 'alert-${alert.id}-${name}'
  location: 'global'
  tags: tags
  properties: {
    description: alert.description
    severity: alert.severity
    enabled: true
    scopes: [
      alert.scope
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: alert.id
          metricNamespace: alert.namespace
          metricName: alert.metric
          timeAggregation: alert.aggregation
          operator: 'GreaterThan'
          threshold: 0
          dimensions: [
            {
              name: alert.dimension
              operator: 'Include'
              values: alert.values
            }
          ]
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}]
