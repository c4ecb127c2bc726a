"""Runs side by side: what tells them apart, how good each became, and how that is shown."""
