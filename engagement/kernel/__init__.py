"""The ground floor: database, clock, ids, secrets, permissions, ports, two languages, tables, charts.

It knows nothing of consultations or people, and imports no other room of the house.
"""
