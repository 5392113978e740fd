"""Puts this room's acts, checks, panels and work on their lists."""

from django.apps import AppConfig


class ChainOfCustodyConfig(AppConfig):
    name = "chain_of_custody"
