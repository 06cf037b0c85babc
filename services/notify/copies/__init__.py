"""Copies: the little that this service keeps of staff and customers, fed by their owners' events."""
