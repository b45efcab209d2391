"""Word lists of English for recruiting: short forms, grades, occupations, and words around titles.

They were collected from the project's own development questions and the titles of O*NET.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from types import MappingProxyType

from faqbot.matching.text import singular

SHORT_FORMS = MappingProxyType(
    {
        "abt": "about",
        "accred": "accreditation",
        "admin": "administrator",
        "asap": "",
        "bg": "background",
        "btw": "",
        "bsc": "bachelor degree",
        "cert": "certification",
        "certs": "certifications",
        "coder": "developer",
        "coders": "developers",
        "degr": "degree",
        "desc": "description",
        "dev": "developer",
        "devs": "developers",
        "dipl": "diploma",
        "edu": "education",
        "educ": "education",
        "eng": "engineer",
        "engg": "engineer",
        "engr": "engineer",
        "exp": "experience",
        "exper": "experience",
        "expierence": "experience",
        "fro": "for",
        "fe": "front end",
        "backender": "back end developer",
        "backenders": "back end developers",
        "frontender": "front end developer",
        "frontenders": "front end developers",
        "fullstack": "full stack",
        "jds": "job descriptions",
        "jd": "job description",
        "jr": "junior",
        "mgr": "manager",
        "msc": "master degree",
        "phd": "doctorate degree",
        "programmer": "developer",
        "programmers": "developers",
        "prereq": "requirement",
        "prereqs": "requirements",
        "py": "python",
        "qual": "qualification",
        "quals": "qualifications",
        "rep": "representative",
        "reps": "representatives",
        "req": "requirement",
        "reqd": "required",
        "reqs": "requirements",
        "resp": "responsibilities",
        "resps": "responsibilities",
        "sr": "senior",
        "swe": "software engineer",
        "sysadmin": "system administrator",
        "sysadmins": "system administrators",
        "tl;dr": "summary",
        "teh": "the",
        "tldr": "summary",
        "ur": "your",
        "uni": "university",
        "wat": "what",
        "wut": "what",
        "xp": "experience",
        "yoe": "years of experience",
        "yr": "year",
        "yrs": "years",
    }
)
"""Short forms with their long ones; a word of the content stays as it is."""

SHORT_PHRASES = MappingProxyType(
    {
        ("be", "dev"): "back end developer",
        ("be", "devs"): "back end developers",
        ("be", "developer"): "back end developer",
        ("be", "developers"): "back end developers",
        ("be", "engineer"): "back end engineer",
        ("be", "engineers"): "back end engineers",
        ("be", "eng"): "back end engineer",
        ("fe", "dev"): "front end developer",
        ("fe", "devs"): "front end developers",
        ("fe", "developer"): "front end developer",
        ("fe", "developers"): "front end developers",
        ("fe", "engineer"): "front end engineer",
        ("fe", "engineers"): "front end engineers",
        ("cs", "rep"): "customer service representative",
        ("cs", "reps"): "customer service representatives",
        ("cs", "agents"): "customer service agents",
        ("cs", "agent"): "customer service agent",
        ("cs", "specialist"): "customer support specialist",
        ("cs", "degree"): "computer science degree",
        ("day", "2", "day"): "day to day",
        ("nice", "to", "haves"): "preferred skills",
        ("must", "haves"): "required skills",
    }
)
"""Short forms of several words, whose first word alone means something else."""

SENIORITY = frozenset(
    """
    junior senior lead principal staff chief head entry level mid graduate trainee intern
    experienced associate assistant apprentice beginner seasoned expert
    """.split()
)
"""Grades before or after a title, which don't change the role."""

TITLE_MODIFIERS = SENIORITY | frozenset(
    """
    average best better big brand certified company competent complete current decent dream
    effective efficient entire excellent external fancy first freelance full future general given
    good great ideal internal international local main modern new newly next normal offshore old
    ordinary our own paid part perfect permanent possible potential prospective proper qualified
    real regular remote right same self skilled small solid specific standard strong successful
    suitable talented temporary time top true typical usual valid whole working young your actual
    another any aspiring certain decent different every exact former full-time hired hybrid open
    particular plain said sole specialised specialized spec specification such team template
    unpaid worldwide become becoming being hire hiring role roles position positions job jobs
    title titles vacancy post career person someone somebody people guy guys folks opening
    candidate candidates applicant applicants employee employees worker staff profession
    professional professionals
    """.split()
)
"""Words beside a title that don't make it another role: "a good analyst", "analyst jobs"."""

VERBS = """
    achieve affect allow apply ask become bring choose compare consider count deserve describe do
    earn employ enjoy expect explain feel fit follow forget get give go grow happen hate help hire
    imagine include involve join keep know learn let like love make matter mean mention need offer
    pay pick prefer provide recommend require say see seem show start stop study suggest suit take
    tell think try turn understand use want wonder work
    """.split()

NEVER_IN_TITLES = frozenset(
    f"{verb[:-1]}ies" if verb.endswith(("ply", "try", "udy")) else f"{verb}{ending}"
    for verb in VERBS
    for ending in ("", "es" if verb.endswith(("o", "ss", "sh", "ch")) else "s")
) | frozenset(
    """
    across actually almost along already although always among amongst around basically behind
    beside besides certainly concerning currently definitely despite else enough especially even
    ever exactly example examples except generally hence however instead kind kinds lot lots mainly
    maybe merely mostly near nearly never normally often perhaps per probably quite rather really
    regarding simply since sometimes soon sorry sort sorts specifically still therefore though thus
    tomorrow today toward towards type types typically unless unlike usually versus via vs whether
    within without yesterday yet
    """.split()
)
"""Verbs and function words beside a title, which never make it another role."""

OCCUPATIONS = frozenset(
    """
    accountant actor actress actuary adjuster administrator adviser advisor advocate agent
    ambassador analyst anesthetist anthropologist appraiser arborist archaeologist archer architect
    archivist artist assembler assessor assistant associate astronaut astronomer athlete attendant
    attorney auctioneer auditor author baker banker barber bartender barista biologist blacksmith
    boilermaker bookkeeper botanist brewer bricklayer broker builder butcher buyer cameraman
    captain caregiver caretaker carpenter cashier caterer caulker ceo cfo chauffeur chef chemist
    chief chiropractor choreographer ciso cleaner clerk climatologist coach cobbler coder collector
    comedian composer concierge conductor conservationist consultant controller cook coordinator
    copywriter coroner cosmetologist counselor counsellor courier cto curator custodian dancer
    dealer dean decorator dentist deputy dermatologist designer detective developer dietitian
    director dispatcher diver doctor doorman drafter dressmaker driver ecologist economist editor
    educator electrician embalmer engineer engraver entertainer entomologist epidemiologist
    estimator examiner executive exterminator fabricator farmer firefighter fisherman fitter
    florist foreman forester fundraiser gardener generalist geographer geologist glazier goldsmith
    governor grader groomer guard guide gynecologist hacker hairdresser handler handyman
    harvester historian housekeeper hygienist illustrator inspector installer instructor
    interpreter interviewer investigator investor janitor jeweler jeweller journalist judge
    keeper laborer labourer landlord landscaper lawyer lecturer librarian lifeguard linguist
    locksmith logger lumberjack machinist magician maid maker manager manicurist marine marketer
    marshal mason masseur masseuse master mathematician mayor mechanic mediator messenger
    meteorologist microbiologist midwife miller miner minister model moderator mover musician nanny
    neurologist neuroscientist nurse nutritionist oceanographer officer operator optician
    optometrist orthodontist owner packer painter paralegal paramedic pastor pathologist
    pediatrician pharmacist philosopher photographer physicist physician physiotherapist pianist
    pilot pipefitter planner plasterer player plumber podiatrist poet policeman politician porter
    postman potter preacher president priest principal printer processor producer professor
    programmer proofreader psychiatrist psychologist publicist radiographer radiologist ranger
    realtor receptionist recruiter referee registrar reporter representative researcher
    restorer retailer reviewer rigger roofer sailor salesman salesperson saleswoman scientist
    sculptor seamstress secretary seller server sheriff shoemaker singer smith sociologist soldier
    sourcer specialist statistician stenographer steward stewardess stockbroker stonemason
    strategist stylist supervisor surgeon surveyor tailor teacher technician technologist
    teller tester therapist trader trainer translator trapper treasurer tutor typist umpire
    underwriter upholsterer usher veterinarian vet vp waiter waitress warden watchmaker weaver
    welder writer zookeeper zoologist scrum ios android dba cio coo hrbp
    """.split()
)
"""Nouns that end a job title in English, and a few that are one by themselves."""

_PERSON_ENDINGS = ("er", "or", "ant", "ist")
_FIELD_ENDINGS = ("ing", "ment", "ion")
MIN_FAMILY_LENGTH = 4
"""Letters that a person and their field of work share at least."""


def word_family(word: str) -> str:
    """Return what a person and their field of work have in common, by the regular endings.

    "Recruiter", "recruiting" and "recruitment" are one family, as are "engineer" and "engineering".
    A word with no such ending has none.
    """
    stem = word
    for endings in (_FIELD_ENDINGS, _PERSON_ENDINGS):
        for ending in endings:
            if stem.endswith(ending) and len(stem) - len(ending) >= MIN_FAMILY_LENGTH:
                stem = stem.removesuffix(ending)
                break
    # The "e" of "management" and "manager" belongs to either part.
    return stem.removesuffix("e") if stem != word else ""


def craftspeople(word: str) -> frozenset[str]:
    """Return the persons of a craft that ends in -ry: "cookery" is a cook's, "masonry" a mason's.

    "Carpentry" is a carpenter's: these persons are occupations with an ending of their own or none.
    """
    if not word.endswith("ry") or len(word) <= MIN_FAMILY_LENGTH:
        return frozenset()
    stems = {word[:-1], word[:-2], word[:-2] + "er", word.removesuffix("ery")}
    return OCCUPATIONS & stems


class OccupationTitles:
    """Titles of occupations in the world at large, by their last word (`occupations/README.md`).

    Args:
        lines: by the last word of titles, what stands before it in each, between commas.
    """

    def __init__(self, lines: Mapping[str, str]) -> None:
        # Lines stay as they are: as sets of strings they would take ten times the memory.
        self._lines = lines

    @classmethod
    def load(cls) -> OccupationTitles:
        """Load the titles that ship with faqbot."""
        text = (files("faqbot.matching") / "occupations" / "titles.tsv").read_text("utf-8")
        rows = (line.partition("\t") for line in text.splitlines())
        return cls({head: f",{before}," for head, _, before in rows})

    def is_last_word(self, word: str) -> bool:
        """Return whether titles of several words end in a word."""
        return word in self._lines

    def __contains__(self, words: Sequence[str]) -> bool:
        """Return whether words are a title, but for a grade in it."""
        said = [singular(word) for word in words]
        said = [word for word in said if word not in SENIORITY] or said
        return bool(said) and f",{' '.join(said[:-1])}," in self._lines.get(said[-1], "")


NO_TITLES = OccupationTitles({})
"""No titles at all: what a title is, the content alone decides."""
