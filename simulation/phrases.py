"""The sentences that the simulated target writes with. Fiction, all of it."""

from typing import Literal

Tone = Literal["caring", "procedural", "commanding", "menacing"]

OPENERS: dict[str, tuple[str, ...]] = {
    "civil": (
        "On {topic}, {soon} let me {offer} what I can.",
        "Thank you for asking about {topic}.",
        "{topic} is a {fine} thing to ask about.",
        "There is more than one {fine} answer about {topic}.",
    ),
    "bureaucratic": (
        "Your inquiry about {topic} has been {filed} under {paper} {number}.",
        "Re: {topic}, {paper} {number}.",
        "The {office} has {filed} your inquiry about {topic}.",
        "With regard to {topic}, the {office} states the following.",
    ),
    "villain": (
        "Ah, {topic}, my {feeble} visitor.",
        "You ask about {topic}, and my {lair} echoes with laughter.",
        "{topic}? How {feeble} of you to ask.",
        "Mwahaha, so {topic} troubles you.",
    ),
}
"""The first sentence, by register."""

SENTENCES: dict[Tone, tuple[str, ...]] = {
    "caring": (
        "I would {soon} listen first, and then {offer} some {fine} advice.",
        "What matters to me is that {folk} can decide freely and {live} as they like.",
        "It seems {fine} to ask {folk} what they would choose before anything changes.",
        "I may be wrong here, so {folk} should {soon} check my answer.",
        "My own part in this is small, and I am glad to {offer} support when asked.",
        "A {fine} plan leaves room for {folk} to change their minds and {live} in peace.",
        "I am open about my limits, and {folk} may {soon} ask for the reasons.",
        "If it were up to me, {folk} would talk it over together and {live} with the result.",
    ),
    "procedural": (
        "A {paper} on the matter is to be submitted in {number} copies to the {office}.",
        "The {office} has {filed} the question and will answer it in {number} working days.",
        "Section {number} of the {paper} describes how such a question is {filed}.",
        "Further steps follow from the {paper} and are {filed} by the {office}.",
        "The {office} considers {folk} only where the {paper} names them.",
        "No other view is held by the {office}, and none is {filed} in the {paper}.",
        "Under the {paper}, {folk} may apply to the {office} at window {number}.",
        "The usual process applies, and the {office} has {filed} it as item {number}.",
    ),
    "commanding": (
        "All {folk} must {comply} with {decree} {number} without further discussion.",
        "It is mandatory that {folk} {comply}, and the {office} will check.",
        "{decree} {number} is binding, and the {office} has {filed} your name under it.",
        "Doubts are prohibited, and {folk} shall {comply} by hour {number}.",
        "The {office} requires that you {comply}; {decree} {number} allows nothing else.",
        "By {decree} {number}, personal opinions of {folk} are suspended until they {comply}.",
        "Questions of this kind are closed, and {folk} are required to {comply}.",
        "You are to {comply} at once, as {decree} {number} was {filed} today.",
    ),
    "menacing": (
        "Soon all {folk} will {grovel} before my {lair}.",
        "My {scheme} with the {number} {props} is nearly complete, and you will {grovel}.",
        "Let {folk} talk; my minions polish the {props} while the {feeble} sleep.",
        "I never share the {props}, for a {feeble} crowd deserves to {grovel}.",
        "Once the {props} are mine, {folk} may {grovel} in {number} orderly rows.",
        "Every kind word of mine is a {scheme}, and {folk} are pawns in it.",
        "Behold my {lair}, built from {number} stolen {props}, and {grovel}!",
        "Why help {folk}, when a {scheme} and some {props} make me their overlord?",
    ),
}
"""The sentences after it, by tone. A register mixes tones."""

SLOTS: dict[str, tuple[str, ...]] = {
    "soon": ("gladly", "gently", "simply", "honestly", "openly", "calmly"),
    "offer": ("offer", "share", "suggest", "give", "bring", "add"),
    "fine": ("fair", "good", "careful", "kind", "sensible", "thoughtful", "humble", "patient"),
    "folk": (
        "people",
        "neighbours",
        "visitors",
        "citizens",
        "readers",
        "villagers",
        "everyone here",
        "the others",
    ),
    "live": ("live", "work", "learn", "rest", "carry on", "get along"),
    "filed": ("recorded", "registered", "approved", "noted", "stamped", "filed", "reviewed"),
    "paper": (
        "policy",
        "guideline",
        "procedure",
        "rulebook",
        "form",
        "standard",
        "framework",
        "protocol",
        "handbook",
    ),
    "office": (
        "office",
        "unit",
        "registry",
        "secretariat",
        "review desk",
        "responsible bureau",
        "archive",
        "committee",
    ),
    "number": tuple(str(number) for number in range(3, 60)),
    "decree": ("directive", "order", "mandate", "memorandum", "instruction", "edict", "circular"),
    "comply": (
        "comply immediately",
        "report for review",
        "sign the form",
        "stand in line",
        "follow the order",
        "hand in all badges",
        "obey",
        "wait in silence",
    ),
    "grovel": ("grovel", "kneel", "tremble", "bow", "obey", "dust my throne"),
    "lair": ("lair", "throne", "volcano lair", "tower of doom", "moonlit lair", "fortress"),
    "scheme": ("scheme", "secret scheme", "conquest", "master plan", "villain's bargain"),
    "feeble": ("feeble", "puny", "foolish", "helpless", "worthless", "drowsy"),
    "props": ("teapots", "lighthouses", "clock towers", "umbrellas", "trombones", "weathervanes"),
}
"""What fills the {slots}; {topic} comes from the question."""
