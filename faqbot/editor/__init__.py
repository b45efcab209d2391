"""The editor: a page on which roles and FAQs are written without YAML."""
