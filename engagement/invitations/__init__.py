"""One person asked to one thing: personal links, the state of the invitation, the ledger of replies.

It refuses to know what it is that somebody is asked to; events and questionnaires do.
"""
