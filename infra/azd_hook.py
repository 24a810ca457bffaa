"""Called by `azd up` after it has uploaded the code, see azure.yaml: gives the app Twilio's secrets and its number.

The environment contains azd's own names and the outputs of infra/main.bicep.
https://learn.microsoft.com/azure/developer/azure-developer-cli/azd-extensibility
"""

from __future__ import annotations

import os
import sys

from deploy import put_secrets, tell
from deployment import connection, deployed_app, key_vault, publish, twilio_settings
from deployment.azure_cli import Az
from deployment.deployed_app import OUTPUTS
from deployment.options import SECRET_NAMES
from deployment.steps import Steps, run
from deployment.terminal import Refused, Terminal


def finish(az: Az, steps: Steps) -> None:
    """Check the settings of Twilio, put the secrets into Key Vault, wait for the app, and connect its number."""
    missing = [name for name in ("AZURE_RESOURCE_GROUP", *OUTPUTS.values()) if not os.environ.get(name)]
    if missing:
        raise Refused(f"azd did not set {', '.join(missing)} in the environment.", "azd hooks run postdeploy")
    name = os.environ.get("APP_NAME", "phone")
    app = deployed_app.from_outputs(os.environ["AZURE_RESOURCE_GROUP"], name, os.environ)
    steps.begin("Check the tools and the login")
    az.check()

    steps.begin("Check the settings of Twilio")
    live = deployed_app.settings(az, app)
    stored = az.until_allowed(lambda: key_vault.read_all(az, app.vault), "reading secrets")
    given = twilio_settings.read_given("", "", az.terminal)
    # azd has changed the app's settings already, so what the vault has is checked together with them.
    given |= {name: given[name] or stored[name] for name in SECRET_NAMES}
    twilio = twilio_settings.gather(given, live, stored, az.terminal)
    put_secrets(az, steps, app, twilio)

    steps.begin("Wait until the app is ready")
    publish.wait_until_ready(az, app)
    connection.connect_app(az, steps, app, live, twilio.secrets)
    tell(az, app)


def main() -> int:
    """Do it; return the exit code."""
    terminal = Terminal()
    return run(terminal, lambda steps: finish(Az(terminal, os.environ.get("AZURE_SUBSCRIPTION_ID", "")), steps))


if __name__ == "__main__":
    sys.exit(main())
