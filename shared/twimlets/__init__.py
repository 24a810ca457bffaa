"""Small ready-made documents with parameters, like those of twimlets.com, which sees every word: ours stay here.

A twimlet is a function of its parameters and Twilio's fields to TwiML. The two are kept apart. The parameters say whom
to call and what to play, and stand in the address, which somebody with access to the Twilio account has set. The fields
tell of the call and stand in the form, where a caller with a softphone can add some. So whatever a twimlet has Twilio
fetch is fetched with POST: with GET the two would stand side by side in the address.
"""
