"""Ready-made TwiML documents with parameters, like those of twimlets.com, but without a third party.

A twimlet is a function from its parameters and Twilio's fields to TwiML. The two are kept apart. The parameters say
which numbers to call and what to play; they are in the URL, which someone with access to the Twilio account has set.
The fields describe the call; they are in the form, and a caller with a softphone can add fields. Therefore all URLs
that a twimlet gives to Twilio are fetched with POST: with GET, parameters and fields would both be in the query.
"""
