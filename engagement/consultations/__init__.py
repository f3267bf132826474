"""A consultation: what is asked, of whom, when and why; its team; and who may see what.

It refuses to know the people who are consulted.
"""
