"""The model case and one live consultation, with invented people, for whoever has never seen Convoke.

It refuses to exist in production.
"""
