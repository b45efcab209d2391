"""Roles from a release of the O*NET database of occupations: a zip file of text files."""
