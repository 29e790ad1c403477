"""Connecting: what performs a race (`_core/connecting.py`) for threads, asyncio and trio."""
