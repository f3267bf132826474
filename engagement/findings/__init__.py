"""What was said: submissions, codes with their parents, codings, and the figures of themes.

It refuses to show who said it to anybody who may not read submissions.
"""
