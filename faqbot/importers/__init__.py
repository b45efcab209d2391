"""`faqbot import`: job descriptions and the O*NET database as roles."""
