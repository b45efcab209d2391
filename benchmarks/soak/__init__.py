"""Soak tests: faqbot as processes, a Slack replacement on loopback, faults and long loads."""
