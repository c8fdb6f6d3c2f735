"""Fixtures for all tests."""

pytest_plugins = ["db_fixtures", "ray_fixtures"]
