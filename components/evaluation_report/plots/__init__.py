"""The plots of a report. Each has a text that says what it shows."""
