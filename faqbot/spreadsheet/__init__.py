"""Roles and FAQs as one table, for those who write in a spreadsheet."""
