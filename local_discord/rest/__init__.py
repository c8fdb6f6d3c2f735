"""The REST API, versions 9 and 10."""
