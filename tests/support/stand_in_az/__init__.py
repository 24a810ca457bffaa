"""A stand-in for the Azure CLI and the part of Azure behind it, for the tests of infra/.

`cli.py` checks each command by what the real CLI accepts (commands.json, recorded from it by record.py), `cloud.py`
answers, with resources and settings from the real Bicep files, `app.py` is the deployed app, `world.py` runs commands.
"""
