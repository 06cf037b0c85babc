"""时限: the clocks of a ticket, as append-only facts (T41, T42, T43, T47, T48)."""
