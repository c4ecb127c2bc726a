"""Alarms: they read what was measured of a run, and say when, why and what to try."""
