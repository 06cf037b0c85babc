"""退货: parcels on their way back, what was unpacked, and what the inspection found (T22, T26, T47)."""
