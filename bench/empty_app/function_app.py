"""A reference: one async function that answers 204 to everything."""

import azure.functions as func

app = func.FunctionApp()


@app.route(route="{*path}", auth_level=func.AuthLevel.ANONYMOUS)
async def empty(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)
