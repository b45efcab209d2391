"""What faqbot says: receipts become replies, the same for every surface."""

from faqbot.wording.composing import compose
from faqbot.wording.content import body

__all__ = ["body", "compose"]
