"""分段时限: a single clock of a ticket, paused and resumed by hand (T47, T48)."""
