"""What any long-running process needs; knows no chat platform."""
