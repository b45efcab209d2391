"""Installing faqbot in workspaces by OAuth: pages, tokens, and what happens when it goes."""
