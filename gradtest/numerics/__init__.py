"""Real functions of one real variable: their derivative at 0, with its error; numpy only."""
