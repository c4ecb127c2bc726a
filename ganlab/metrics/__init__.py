"""Metrics: how samples are judged against real data."""
