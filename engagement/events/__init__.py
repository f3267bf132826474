"""Events: sittings, seats, agendas, needs, and the calendar entries that tell of them.

It refuses to promise a seat twice, and to show one guest anything of another.
"""
