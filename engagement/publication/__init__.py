"""Pages that anybody may read: what is being consulted on, that events are by invitation, the report.

It refuses to show a text that is stale or stands in one language only.
"""
