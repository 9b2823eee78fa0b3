"""A configuration of gunicorn with no hooks."""
