"""A fair comparison of recipes: its words and draws, its runs, and what they say."""
