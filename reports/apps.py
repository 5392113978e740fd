"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
