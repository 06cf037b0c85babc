"""The ticket service (工单): orders and their flags, tickets of every kind, and all that tickets are about."""
