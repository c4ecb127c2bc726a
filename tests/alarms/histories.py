"""Constructed histories for alarms."""


def history(measures, every=20):
    """Measures as if they had been logged every so many rounds."""
    return {
        name: [(every * (k + 1), float(value)) for k, value in enumerate(values)]
        for name, values in measures.items()
    }
