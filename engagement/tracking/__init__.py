"""Response: how many were asked, how many answered, of whom; dispositions, rates, the silent.

It refuses to show a figure that does not say its base.
"""
