"""Staff accounts, signing in and out, server-side sessions.

It refuses to know what anybody may do in a consultation: that is the consultation's team.
"""
