"""The snowball: forwardable links, nominations, partners' counts, requests; and the waves they make.

It refuses to name anybody to anybody, but for a nominator who agreed to their own nominee.
"""
