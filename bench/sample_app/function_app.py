"""A reference: the usual sample, which makes a client for each request in a plain handler and keeps no log."""

import os

import azure.functions as func
from twilio.rest import Client

app = func.FunctionApp()


@app.route(route="send_sms", methods=["POST"])
def send_sms(req: func.HttpRequest) -> func.HttpResponse:
    text = req.get_json()
    client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    client.api.base_url = os.environ["TWILIO_API_BASE_URL"]
    message = client.messages.create(to=text["to"], from_=os.environ["TWILIO_FROM_NUMBER"], body=text["body"])
    return func.HttpResponse(message.sid, status_code=201)
