"""Wiring: settings, addresses, the worker application, and the pages that join several rooms."""
