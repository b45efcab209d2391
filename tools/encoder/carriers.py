"""Question templates, for titles and tools of O*NET."""

from __future__ import annotations

TITLE_CARRIERS = (
    "what skills does a {title} need",
    "what does a {title} do",
    "what does a {title} do all day?",
    "which degree do I need to become a {title}",
    "how many years of experience should a {title} have",
    "are there certifications for a {title}",
    "tell me about the {title} role",
    "main duties of a {title}",
    "{title} responsibilities",
    "{title} education",
    "{title} requirements",
    "{title} job description",
    "typical day of a {title}",
    "is a licence needed to work as a {title}",
    "what is the difference between a {title} and a {other}",
    "how do I get from {title} to {other}",
    "who does a {title} report to",
    "does a {title} work shifts or weekends",
    "can a {title} work from home",
    "how much does a {title} earn",
    "what tools does a {title} use every day",
    "hard parts of being a {title}",
    "I want to apply for the {title} position",
    "what will they ask in the {title} interview",
    "what comes after {title}, career wise?",
    "how is a good {title} measured",
    "we are hiring a {title}, what should I look for",
    "are there any open {title} jobs",
    "{title} vs {other}",
    "{title}",
)
"""`{other}` is another title, so that the encoder sees pairs that must stay apart."""

TOOL_CARRIERS = (
    "does a {title} need {tool}",
    "do I have to know {tool} to be a {title}",
    "is experience with {tool} required?",
    "how much {tool} does a {title} use",
    "{tool} skills",
    "can I learn {tool} on the job",
    "do you use {tool} or something else",
    "{tool}",
)

DESK_LINES = (
    "how do I apply for a job here",
    "where can I see the status of my application",
    "can I apply again after a rejection",
    "which documents should I attach to my application",
    "do I need to write a cover letter",
    "until when can I apply",
    "how many rounds of interviews are there",
    "will the interview be on video or at the office",
    "how should I prepare for the interview",
    "can I have feedback after my interview",
    "who do I talk to in recruiting",
    "may I work remotely from another country",
    "is there a hybrid policy",
    "I need an accommodation for a disability",
    "how do I move to another team",
    "what is the bonus for referring a friend",
    "do you sponsor visas",
    "is there a probation period",
    "how many days of holiday do we get",
    "can I work part time",
    "is the salary negotiable",
    "do you take interns or graduates",
)
"""Questions about hiring in general."""
