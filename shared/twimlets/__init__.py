"""Small ready-made documents with parameters, like those of twimlets.com, which sees every word: ours stay here.

A twimlet is a function from a request's fields to TwiML. What it is asked to call or play comes in an address that
Twilio has signed, which is one that somebody with access to the Twilio account has set.
"""
