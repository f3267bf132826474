"""Mail: templates with a closed list of placeholders, the outbox that is the truth, transport.

It refuses to know why anybody is written to: each capability composes its own messages.
"""
