"""Every input of the toxicity rules once: its question, its permitted words and their spellings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from cartwheel.clinic.toxicity.assessment import Asked

_NONE = ("no", "nil", "absent")

# rule's word -> other spellings, folded (lower case, punctuation as one space)
DEVICES: Mapping[str, tuple[str, ...]] = {
    "room air": ("none", "no", "no oxygen", "ra", "air", "ambient air", "room air only"),
    "nasal cannula": ("nc", "cannula", "nasal prongs", "nasal cannulae", "nasal oxygen"),
    "low-flow nasal cannula": ("lfnc", "low flow cannula", "low flow nc", "low flow"),
    "blow-by": ("blowby", "blow by oxygen", "blow by o2"),
    "high-flow nasal cannula": (
        "hfnc", "hfno", "hfnp", "high flow", "high flow nc", "high flow nasal oxygen",
        "high flow cannula", "optiflow", "airvo", "vapotherm",
    ),
    "face mask": ("facemask", "simple face mask", "simple mask", "hudson mask", "simple facemask"),
    "non-rebreather mask": (
        "non rebreather", "nonrebreather", "nonrebreather mask", "nrb", "nrbm", "nrm",
        "non rebreathing mask", "reservoir mask",
    ),
    "Venturi mask": ("venturi", "venti mask", "ventimask", "venti"),
    "CPAP": ("continuous positive airway pressure",),
    "BiPAP": ("bilevel", "bpap", "bi level", "bilevel positive airway pressure"),
    "non-invasive ventilation": ("niv", "nippv", "nipv", "noninvasive ventilation"),
    "mechanical ventilation": (
        "intubation", "intubated", "invasive ventilation", "imv",
        "intubation and mechanical ventilation", "mechanically ventilated", "ett",
    ),
}  # fmt: skip

CONSCIOUSNESS: Mapping[str, tuple[str, ...]] = {
    "alert": ("normal", "awake", "awake and alert", "fully awake"),
    "awakens spontaneously": ("wakes spontaneously", "awake spontaneously", "spontaneously"),
    "awakens to voice": ("to voice", "voice", "wakes to voice"),
    "awakens only to touch": (
        "to touch", "touch", "tactile", "to tactile stimulus", "awakens only to tactile stimulus",
        "awakens to touch", "wakes to touch only", "to touch only", "tactile stimulus",
    ),
    "unarousable": (
        "unrousable", "stupor", "coma", "comatose", "unresponsive", "vigorous stimuli",
        "unarousable or vigorous stimuli", "vigorous or repetitive stimuli",
    ),
}  # fmt: skip

SEIZURES: Mapping[str, tuple[str, ...]] = {
    "none": (*_NONE, "no seizure"),
    "resolved rapidly": ("resolves rapidly", "brief", "clinical seizure resolving rapidly"),
    "non-convulsive, resolved with intervention": (
        "non convulsive", "nonconvulsive", "non convulsive on eeg", "nonconvulsive on eeg",
        "nonconvulsive resolved with intervention",
    ),
    "longer than 5 min": ("prolonged", "over 5 min", "more than 5 min"),
    "repetitive without return to baseline": (
        "repetitive", "status epilepticus", "no return to baseline",
    ),
}  # fmt: skip

MOTOR: Mapping[str, tuple[str, ...]] = {
    "none": (*_NONE, "normal", "no weakness"),
    "tremor or myoclonus": ("tremor", "myoclonus", "tremors", "tremor and myoclonus"),
    "deep focal weakness": (
        "hemiparesis", "paraparesis", "hemiparesis or paraparesis", "hemiplegia", "paraplegia",
        "deep focal motor weakness", "focal weakness",
    ),
}  # fmt: skip

OEDEMA: Mapping[str, tuple[str, ...]] = {
    "none": (*_NONE, "no oedema", "no edema", "normal"),
    "not imaged": ("no imaging", "not scanned", "imaging not indicated"),
    "haemorrhage": ("hemorrhage", "intracranial haemorrhage", "intracranial hemorrhage"),
    "focal": ("local", "focal oedema", "focal edema", "focal local edema"),
    "diffuse": ("diffuse oedema", "diffuse edema", "generalised", "generalized"),
}

ICP_SIGNS: Mapping[str, tuple[str, ...]] = {
    "posturing": (
        "decerebrate posturing", "decorticate posturing", "decerebrate", "decorticate",
        "decerebrate or decorticate posturing",
    ),
    "cranial nerve VI palsy": ("cn vi palsy", "sixth nerve palsy", "vi palsy", "cn6 palsy",
                               "abducens palsy", "cn vi"),
    "papilloedema": ("papilledema",),
    "Cushing's triad": ("cushing triad", "cushings triad", "cushing s triad", "cushing reflex"),
}  # fmt: skip

NONINVASIVE: Mapping[str, tuple[str, ...]] = {
    "oxygen": ("supplemental oxygen",),
    "ventilation": ("ventilator support",),
}
DOSE: Mapping[str, tuple[str, ...]] = {"low": ("low dose",), "high": ("high dose",)}
CRS_SIGNS: Mapping[str, tuple[str, ...]] = {"fever": (), "hypotension": (), "hypoxia": ()}
ICANS_SIGNS: Mapping[str, tuple[str, ...]] = {
    "cognition": ("ice", "capd"),
    "consciousness": ("depressed consciousness",),
    "seizure": ("seizures",),
    "motor": ("motor findings", "weakness"),
    "intracranial pressure": ("oedema", "edema", "cerebral oedema", "icp"),
}

CHOICES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "oxygen_device": DEVICES,
        "consciousness": CONSCIOUSNESS,
        "seizure": SEIZURES,
        "motor": MOTOR,
        "cerebral_oedema": OEDEMA,
        "raised_icp_signs": ICP_SIGNS,
        "noninvasive_counts_as": NONINVASIVE,
        "vasopressor_dose": DOSE,
        "crs_other_cause": CRS_SIGNS,
        "icans_other_cause": ICANS_SIGNS,
    }
)


def fold(text: str) -> str:
    """Write a word without case and punctuation: the form in which spellings are compared.

    Parameters
    ----------
    text : str
        As charted.

    Returns
    -------
    str
        Lower case; ``<`` and ``>`` as words; all else but letters and digits as one space.
    """
    worded = text.casefold().replace(">", " over ").replace("<", " under ")
    return re.sub(r"[^a-z0-9]+", " ", worded).strip()


SPELLINGS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        name: MappingProxyType(
            {
                spelling: word
                for word, others in words.items()
                for spelling in (fold(word), *map(fold, others))
            }
        )
        for name, words in CHOICES.items()
    }
)


def _yes_no(name: str, label: str, note: str = "", unless_stated: str = "") -> Asked:
    return Asked(name, label, "yes_no", unless_stated=unless_stated, note=note)


def _choice(name: str, label: str, note: str = "") -> Asked:
    return Asked(name, label, "choice", choices=tuple(CHOICES[name]), note=note)


def _count(name: str, label: str, high: int, note: str = "") -> Asked:
    return Asked(name, label, "number", low=0, high=high, note=note)


_CTCAE = "by CTCAE; 0 where there is none"

_ALL = (
    Asked("temperature", "Body temperature", "quantity", unit="Cel", low=25, high=45,
          note="state the unit; Fahrenheit is converted"),
    _yes_no("fever", "Temperature of 38.0 Cel or more",
            "only where the temperature itself is not charted"),
    _yes_no("crs_before", "Fever of CRS earlier in this episode"),
    _yes_no("antipyretic", "Antipyretic given since CRS began"),
    _yes_no("anticytokine", "Anticytokine therapy given since CRS began",
            "such as tocilizumab, siltuximab or anakinra"),
    _yes_no("corticosteroid", "Corticosteroid given since CRS began"),
    _yes_no("hypotension", "Hypotension",
            "by your own limits for this patient: the rules set no blood pressure"),
    Asked("vasopressors", "Vasopressors running", "names", note="by name; 'none' where none is"),
    _choice("vasopressor_dose", "Highest vasopressor dose",
            "by the high-dose table of Lee 2014, which is not shipped"),
    Asked("vasopressor_hours", "Time on vasopressors so far", "quantity", unit="hours",
          low=0, high=2400),
    _yes_no("refractory_hypotension", "Hypotension refractory to high-dose vasopressors"),
    _yes_no("life_threatening_hypotension", "Life-threatening hypotension"),
    _yes_no("fluids_for_hypotension", "Intravenous fluids for blood pressure"),
    _choice("oxygen_device", "Oxygen device",
            "the one that gives most support; 'room air' where none is used"),
    Asked("oxygen_flow", "Oxygen flow", "quantity", unit="L/min", low=0, high=100,
          note="decides for a nasal cannula"),
    Asked("fio2", "Inspired oxygen", "quantity", unit="%", low=21, high=100,
          note="in percent, or as a fraction with the unit 1"),
    _choice("noninvasive_counts_as", "What CPAP, BiPAP and NIV count as",
            "the older scale names only ventilator support: your protocol must say"),
    _yes_no("constitutional_symptoms", "Constitutional symptoms",
            "such as nausea, fatigue, headache, myalgia, malaise"),
    _count("creatinine_ctcae", "Creatinine toxicity", 4, _CTCAE),
    _count("transaminase_ctcae", "Transaminase toxicity", 4, _CTCAE),
    _count("organ_ctcae", "Worst other organ toxicity of CRS", 4, _CTCAE),
    _yes_no("coagulopathy_products", "Blood products for coagulopathy"),
    _yes_no("admitted_for_crs", "In hospital because of CRS symptoms"),
    Asked("crs_other_cause", "Signs due to another cause", "names", choices=tuple(CRS_SIGNS),
          unless_stated="none", note="these do not count"),
    _yes_no("died_of_crs", "Death due to CRS", unless_stated="no"),
    Asked("age", "Age", "quantity", unit="years", low=0, high=120),
    _yes_no("developmental_delay", "Developmental delay", unless_stated="no"),
    _count("ice", "ICE total", 10, "in place of its eight items"),
    _count("ice_year", "ICE: knows the year", 1),
    _count("ice_month", "ICE: knows the month", 1),
    _count("ice_city", "ICE: knows the city", 1),
    _count("ice_hospital", "ICE: knows the hospital", 1),
    _count("ice_naming", "ICE: objects named", 3),
    _count("ice_commands", "ICE: follows a command", 1),
    _count("ice_writing", "ICE: writes a sentence", 1),
    _count("ice_attention", "ICE: counts from 100 down by 10", 1),
    _count("capd", "CAPD total", 32),
    _yes_no("capd_unable", "Unable to perform the CAPD", unless_stated="no"),
    _choice("consciousness", "Level of consciousness",
            "'alert' where it is normal; sedation is another cause"),
    _choice("seizure", "Seizure", "the worst since the last assessment"),
    _choice("motor", "Motor findings"),
    _choice("cerebral_oedema", "Cerebral oedema on imaging",
            "'not imaged' where nothing called for it"),
    Asked("raised_icp_signs", "Signs of raised intracranial pressure", "names",
          choices=tuple(ICP_SIGNS), note="'none' where there is none"),
    Asked("icans_other_cause", "Findings due to another cause", "names",
          choices=tuple(ICANS_SIGNS), unless_stated="none", note="these do not count"),
    _yes_no("died_of_icans", "Death due to ICANS", unless_stated="no"),
)  # fmt: skip

INPUTS: Mapping[str, Asked] = MappingProxyType({asked.name: asked for asked in _ALL})

ICE_ITEMS = tuple(name for name in INPUTS if name.startswith("ice_"))


def inputs_named(*names: str) -> tuple[Asked, ...]:
    """Look up several inputs, in the order asked for.

    Parameters
    ----------
    *names : str
        Keys of `INPUTS`.

    Returns
    -------
    tuple of Asked
    """
    return tuple(INPUTS[name] for name in names)
