"""The small interface by which a page or a test acts as a person."""
