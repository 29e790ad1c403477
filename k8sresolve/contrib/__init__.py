"""Adapters: k8sresolve in the clients that people run, a module for each client.

A module is imported by its name, as `from k8sresolve.contrib import aiohttp`, and imports its client.
"""
