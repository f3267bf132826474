"""Questionnaires: what is asked, the way through it, and the answers that were given.

It refuses to lose an answer that was typed.
"""
