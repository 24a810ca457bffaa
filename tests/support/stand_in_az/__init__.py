"""A stand-in for the Azure CLI and the part of Azure behind it, for the tests of infra/.

`az` on the PATH is a small program that hands its arguments to the test's own process. There `cli.py` checks them by
what the real CLI takes (commands.json, recorded from it by record.py), and `cloud.py` answers as Azure does.
"""
