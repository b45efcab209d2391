"""What a question leaves out in so many words: "skills but not the education", "not A but B".

The markers are conjunctions and prepositions of English, a closed class. What follows one of them,
up to the end of its clause, is left out; the rest of the question is what is asked.
"""

from __future__ import annotations

import re
from typing import Final

_NOTHING_MORE: Final = (
    r"(?=$|[.?!;,:]|\b(?:what|which|who|that|where|how|is|are|do|does|can|could|should|must|with"
    r"|without|for|of|in|as|to (?:be|become|work|get|apply|do)|needs?|needing|requires?|requiring"
    r"|uses?|using|asks?|wants?|lists?|has|have)\b)"
)
_MARKED: Final = re.compile(
    r"(?:[,;]? ?\b(?:but not|but no|and not|except for|except|excluding|other than|apart from"
    rf"|aside from|besides)|[,;] not)\b(?P<left_out> \w[^.?!;,:]*?) ?{_NOTHING_MORE}"
)
_STATEMENT: Final = re.compile(
    r"(?:^|[.?!;,:] ?)(?:and |but |so )?(?:i|we|he|she|they)\b[^.?!;,:]*$"
)
_AUXILIARY: Final = (
    r"(?<!\bdo )(?<!\bis )(?<!\bam )(?<!\bare )(?<!\bwas )(?<!\bdid )(?<!\bdoes )(?<!\bcan )"
    r"(?<!\bwill )(?<!\bhave )(?<!\bmust )(?<!\bneed )(?<!\bcould )(?<!\bwould )(?<!\bshould )"
)
_NOT_BUT: Final = re.compile(
    rf"{_AUXILIARY}\bnot (?!only\b|just\b|merely\b)(?P<left_out>[^.?!;:]{{1,80}}?),? "
    r"\bbut (?:rather |instead )?(?!not\b|also\b|i\b|how\b|what\b)"
)
_WORD: Final = re.compile(r"\w")


def without_exclusion(normalised: str) -> tuple[str, str]:
    """Return what a normalised question asks for, and what it leaves out, "" for nothing.

    A question that leaves out all of itself leaves out nothing.
    """
    for pattern in (_NOT_BUT, _MARKED):
        found = pattern.search(normalised)
        if found is None or not _WORD.search(found["left_out"]):
            continue
        # "I applied but not heard back" tells something, and leaves nothing out.
        if _STATEMENT.search(normalised[: found.start()]):
            continue
        kept = f"{normalised[: found.start()]} {normalised[found.end() :]}".strip()
        if _WORD.search(kept):
            return " ".join(kept.split()), found["left_out"].strip()
    return normalised, ""
