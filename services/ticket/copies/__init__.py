"""Copies: the little that this service keeps of customers and staff, fed by their owners' events."""
