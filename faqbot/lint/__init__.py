"""`faqbot check`: findings about content that loads."""
