"""What faqbot says: receipts become replies, the same for every surface."""

from faqbot.replies.compose import compose
from faqbot.replies.entries import body

__all__ = ["body", "compose"]
