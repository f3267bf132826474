"""The roster: people, organizations and batches of one consultation; import and export.

It refuses to tag anybody as having lived an experience: that is membership of a restricted
batch or event, and nothing else.
"""
