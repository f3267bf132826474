"""Pages for people without an account, opened by their personal link.

It refuses to change anything because a link was fetched, and to show one guest another.
"""
