"""What faqbot serves beside Slack's messages: MCP, an HTTP API, and a widget for web pages."""
