"""What must hold for hours: faqbot as processes, Slack's side on loopback, faults and loads."""
