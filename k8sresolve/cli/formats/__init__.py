"""The forms in which findings are written: each module turns a report into text."""
