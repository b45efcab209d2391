"""What faqbot remembers: one code path over SQLite and PostgreSQL."""
