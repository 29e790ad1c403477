"""Probing: what has the conversations of a probe (`_core/probing.py`) for threads, asyncio and trio."""
