metadata description = 'What somebody is told of by mail: lines in the log, and answers of the tables and the vault.'

@description('What the names end in.')
param name string

@description('The name of the action group.')
@maxLength(260)
param actionGroupName string

@description('The sender that the mails show.')
@maxLength(12)
param shortName string

@description('The Azure region.')
param location string

@description('Tags for the alerts.')
param tags object

@description('Who is told.')
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

// Each query is tried on lines that the running app writes: tests/test_infra_bicep_alerts.py. Severity 3 is an error.
var logAlerts = [
  {
    id: 'webhooks-refused'
    severity: 1
    title: 'Webhooks are refused'
    description: 'Signed requests do not hold: is PUBLIC_BASE_URL what Twilio calls, is TWILIO_AUTH_TOKEN the account\'s? Strangers, who do not even sign, are not counted.'
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
    description: 'The app or its host logged an error: a function ended with an exception, signatures cannot be checked, the tables cannot be reached, or Twilio says that a webhook failed.'
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
    description: 'Requests of our own users are answered 5xx: Twilio is away, does not know our credentials, or left an outcome unknown.'
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
    description: 'Nothing more is logged today, so no other alert on the log can fire.'
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
    // Lines arrive some minutes late: each is looked for twice rather than never.
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
    description: 'The tables are asked for more than they give; a callback that is not kept comes again, but not for ever.'
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
    description: 'The vault refused somebody: the app may have lost its role, or somebody tries who should not.'
    scope: vault.id
    namespace: 'Microsoft.KeyVault/vaults'
    metric: 'ServiceApiResult'
    aggregation: 'Count'
    dimension: 'StatusCode'
    // A 401 is only the question for a token that begins every conversation.
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
