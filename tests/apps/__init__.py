"""Tests of the rooms, through the database and over HTTP."""
