"""Mailings: who gets what, in which language, when, and why not.

It refuses to queue anything that nobody approved.
"""
