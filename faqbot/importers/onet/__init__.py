"""Roles out of the O*NET database of occupations, of its release as text files in a zip file."""
