metadata description = 'The test that asks the app every quarter of an hour how it is, and the alert when it does not answer.'

@description('The end of the names of test and alert.')
param name string

@description('The action group that receives the alert.')
param actionGroupName string

@description('The Azure region.')
param location string

@description('Tags for test and alert.')
param tags object

@description('The function app.')
param functionAppName string

@description('The address at which Twilio reaches the app; empty for the app\'s own host.')
param publicBaseUrl string

@description('The Application Insights component that shows the results.')
param applicationInsightsName string

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' existing = {
  name: actionGroupName
}

var baseUrl = empty(publicBaseUrl) ? 'https://${app.properties.defaultHostName}' : publicBaseUrl
var testName = 'health-${name}'

resource healthTest 'Microsoft.Insights/webtests@2022-06-15' = {
  name: testName
  location: location
  // This tag links the test to the component: https://learn.microsoft.com/azure/azure-monitor/app/availability
  tags: union(tags, { 'hidden-link:${component.id}': 'Resource' })
  kind: 'standard'
  properties: {
    SyntheticMonitorId: testName
    Name: testName
    Description: 'GET /api/health where Twilio calls the app, and the age of its certificate.'
    Enabled: true
    Kind: 'standard'
    Frequency: 900
    Timeout: 30
    RetryEnabled: true
    // Virginia, Amsterdam, Singapore. Each run of the test costs a little.
    Locations: [
      {
        Id: 'us-va-ash-azr'
      }
      {
        Id: 'emea-nl-ams-azr'
      }
      {
        Id: 'apac-sg-sin-azr'
      }
    ]
    Request: {
      RequestUrl: '${baseUrl}/api/health'
      HttpVerb: 'GET'
      ParseDependentRequests: false
      FollowRedirects: false
    }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 7
    }
  }
}

resource healthAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'alert-not-available-${name}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The app does not answer /api/health with 200, seen from two places or more.'
    severity: 0
    enabled: true
    scopes: [
      healthTest.id
      component.id
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: healthTest.id
      componentId: component.id
      failedLocationCount: 2
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: actionGroup.id
      }
    ]
  }
}
