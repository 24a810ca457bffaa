"""A small host for function_app: serves on a laptop what the Functions host and its Python worker serve on Azure.

It follows the sources of both, so that what runs here runs there:
https://github.com/Azure/azure-functions-host and https://github.com/Azure/azure-functions-python-worker
"""
