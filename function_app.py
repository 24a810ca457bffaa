"""The function app: registers the functions, one per folder."""

import azure.functions as func

import access_token
import activity
import answer_call
import caller_ids
import client_call
import console
import fallback
import health
import make_call
import openapi
import receive_sms
import scripts
import send_sms
import softphone
import status_callback
import twiml
import twiml_hello
import twimlet
import update_call
import update_sms

app = func.FunctionApp()

FOLDERS = (
    access_token,
    activity,
    answer_call,
    caller_ids,
    client_call,
    console,
    fallback,
    health,
    make_call,
    openapi,
    receive_sms,
    scripts,
    send_sms,
    softphone,
    status_callback,
    twiml,
    twiml_hello,
    twimlet,
    update_call,
    update_sms,
)

for folder in FOLDERS:
    app.register_functions(folder.bp)
openapi.describe(FOLDERS)
