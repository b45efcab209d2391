"""`faqbot export`: roles as Markdown, Word, web pages and job postings."""
