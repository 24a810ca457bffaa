"""The function app: one function a folder, registered here."""

import azure.functions as func

import activity
import health
import make_call
import send_sms
import status_callback
import twiml_hello

app = func.FunctionApp()

for folder in (activity, health, make_call, send_sms, status_callback, twiml_hello):
    app.register_functions(folder.bp)
