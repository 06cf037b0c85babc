"""投诉月报: the monthly report of complaints, and the volumes they are measured against (T15, X2)."""
