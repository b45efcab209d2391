"""faqbot answers questions about job roles, in Slack and on the command line."""

__version__ = "0.1.0"
