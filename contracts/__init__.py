"""What crosses the walls between services: events, their vocabularies, streams, readers and permissions.

Nothing here knows a database, a broker or a web framework. An event is one frozen model per subject; the
catalogue (:mod:`contracts.catalogue`) lists all of them, and JSON Schemas, AsyncAPI and examples come from it.
"""
