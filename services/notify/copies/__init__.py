"""Copies: the little that this service keeps of staff, fed by appraisal's events."""
