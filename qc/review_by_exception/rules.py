"""The rule set of the review by exception: each check, what it reads, when it finds an exception, how critical it is.

Whoever changes a rule, adds one or takes one away, or changes the groups of the audit trail, raises RULES_VERSION: each
signature states the version under which it judged, and verifiers of packages sort by it (reports/package/FORMAT.md 14).
`docs/reference/review-rules.md` is written from this table (./dev review-rules).
"""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from qc.review_by_exception import at_the_bench as bench
from qc.review_by_exception import how_it_was_measured as measured
from qc.review_by_exception import in_the_laboratory as laboratory
from qc.review_by_exception import things
from qc.review_by_exception.exceptions import Criticality, Rule

RULES_VERSION = "RBE-2"
CRITICAL, MAJOR, MINOR = Criticality.CRITICAL, Criticality.MAJOR, Criticality.MINOR
A_FACT = _("never; what is missing stands against certification by itself")

RULES = (
    Rule(
        "steps", _("Step"), _("Steps signed"),
        _("every step and its signatures"), A_FACT, MAJOR,
        bench.steps_signed, outstanding=frozenset({"open_step", "needs_again"}),
    ),
    Rule(
        "witnesses", _("Witness"), _("Witness signatures"),
        _("every step that asks for a witness"), A_FACT, MAJOR,
        bench.steps_witnessed, outstanding=frozenset({"no_witness"}),
    ),
    Rule(
        "in_process", _("Limit"), _("In-process limits"),
        _("every value with a limit or an expected answer"),
        _("a value was outside its limits when it was recorded, also where it was corrected since"), MAJOR,
        bench.values_within,
    ),
    Rule(
        "corrections", _("Correction"), _("Corrections"),
        _("every value that supersedes another"),
        format_lazy(
            _("a correction took a value from outside its limits, changed its verdict, was of a critical value, was "
              "made by another person or after a signature; or there are more than {most} in one step"),
            most=bench.MOST_CORRECTIONS_IN_A_STEP,
        ), MAJOR,
        bench.self_corrections, bench.corrections,
    ),
    Rule(
        "late_entries", _("Late entry"), _("Late entries"),
        _("the time of each value and the time at which it was recorded"),
        _("a value was entered late, with its reason"), MINOR, bench.times_told,
    ),
    Rule(
        "typed_codes", _("Typed code"), _("Identifiers scanned"),
        _("every code that was read in a step, on a label, in custody"),
        _("a code was typed instead of scanned"), MINOR, bench.codes_scanned, bench.typed_codes,
    ),
    Rule(
        "identity", _("Identity"), _("Identity scans matched"),
        _("every label of a container that was read"),
        _("a label did not belong where it was read"), CRITICAL, things.identity_matched,
    ),
    Rule(
        "overrides", _("Override"), _("Order and overrides"),
        _("every start of a step, every value that was asked for again"),
        _("a step began out of order with a reason or was left out, or a value outside its plausible range was "
          "confirmed"), MAJOR, bench.steps_in_order, bench.overrides,
    ),
    Rule(
        "hold_times", _("Hold time"), _("Hold times"),
        _("the start and end of each hold time"), _("a hold time was exceeded"), MAJOR,
        things.hold_times,
    ),
    Rule(
        "clearances", _("Clearance"), _("Line clearances"),
        _("every clearance before and after use"), A_FACT, MAJOR,
        things.clearances, outstanding=frozenset({"not_cleared_before", "not_cleared_after"}),
    ),
    Rule(
        "environment", _("Monitoring"), _("Environmental monitoring"),
        _("every monitoring session that a clearance names"),
        _("a session was outside its limits"), MAJOR, things.environment, outstanding=frozenset({"no_monitoring"}),
    ),
    Rule(
        "labels", _("Label"), _("Labels"),
        _("every print with what was applied, destroyed and kept"),
        _("labels did not reconcile or did not belong where they were applied, or were printed again"), MAJOR,
        things.labels_counted, things.labels_again, frozenset({"label_open", "not_labelled", "relabel"}),
    ),
    Rule(
        "yields", _("Quantity"), _("Yields and quantities"),
        _("every yield, and where the cells went"),
        _("a yield was outside its limits, or quantities did not reconcile"), MAJOR, things.yields_verified,
        outstanding=frozenset({"not_reconciled", "unverified_yield"}),
    ),
    Rule(
        "materials", _("Material"), _("Materials at time of use"),
        _("every lot that was scanned, as it stood then"),
        _("a lot was not fit for use, or was rejected or recalled afterwards"), MAJOR, things.lots_at_use,
    ),
    Rule(
        "equipment", _("Equipment"), _("Equipment at time of use"),
        _("every device that was scanned, as it stood then"), A_FACT, MAJOR,
        things.equipment_at_use,
    ),
    Rule(
        "lapses", _("Lapse"), _("Training and expiry at signature"),
        _("the training behind each signature, each lot and device"),
        _("training, a lot or a calibration lapsed while a step ran"), MAJOR, bench.people_trained,
    ),
    Rule(
        "transcribed", _("From paper"), _("Entries from paper"),
        _("every step that was worked on the continuity record"),
        _("a step was worked on paper and entered back"), MINOR, things.papers_told,
        outstanding=frozenset({"copy_not_accounted"}),
    ),
    Rule(
        "redlines", _("Change"), _("Changes for this batch"),
        _("every change of the master record for this batch"),
        _("a change was approved"), MAJOR, things.redlines_told,
    ),
    Rule(
        "departures", _("Deviation"), _("Departures reported"),
        _("every departure that a person reported, or that growth raised"),
        _("there is one"), MAJOR, things.departures_told,
    ),
    Rule(
        "out_of_specification", _("OOS"), _("Results"),
        _("every line of the specification, each version of its result"),
        _("a result was out of specification first, also where it was invalidated later"), CRITICAL,
        laboratory.results_conform, laboratory.out_of_specification,
    ),
    Rule(
        "invalid_runs", _("Invalid run"), _("Runs of tests"),
        _("every run of every line"), _("a run was declared invalid"), MAJOR,
        laboratory.runs_told, laboratory.invalid_runs,
    ),
    Rule(
        "corrected_results", _("Correction"), _("Corrected results"),
        _("every result and reading that supersedes another"),
        _("a submitted result was corrected; a reading of a line that decides was; somebody else corrected a reading; "
          "a value of an instrument was replaced by one that was typed (critical where its line decides)"),
        MAJOR, laboratory.readings_told, laboratory.corrected_results,
    ),
    Rule(
        "timed_conditions", _("Time of a test"), _("Timed conditions of tests"),
        _("the moments of every test whose method limits a time"),
        _("a time was beyond the limit of its method"), MAJOR, measured.times_kept,
    ),
    Rule(
        "suitability", _("Suitability"), _("System suitability"),
        _("every check of suitability, in every run"),
        _("a check did not show the system fit, also where it was corrected since"), MAJOR,
        measured.suitability_told, measured.suitability_failed,
    ),
    Rule(
        "further_replicates", _("Further replicates"), _("Replicates"),
        _("every replicate that was read under a method"),
        _("more replicates were read than the method asks for"), MAJOR,
        measured.replicates_told, measured.further_replicates,
    ),
    Rule(
        "contract_certificates", _("Certificate"), _("Contract laboratories"),
        _("every certificate of a contract laboratory"),
        _("two people typed different things from it, also where it was corrected since; custody did not know of the "
          "sample there; or it states growth"), MAJOR,
        measured.certificates_told, measured.certificates_differed,
    ),
    Rule(
        "missed_readings", _("Missing"), _("Growth readings"),
        _("every planned reading of a growth test"),
        _("a mandatory reading was missed"), MAJOR, laboratory.growth_read, laboratory.missed_before_the_result,
    ),
    Rule(
        "trends", _("Trend"), _("Trends"),
        _("every result under approved trend limits"), _("a result completes a signal"), MINOR,
        laboratory.trends_told, laboratory.trend_signals,
    ),
    Rule(
        "custody", _("Excursion"), _("Custody"),
        _("every hand-over, place and temperature"),
        _("a temperature excursion was found, or nobody knows the temperature of a time that a logger should show"),
        MAJOR, things.custody_links,
        outstanding=frozenset({
            "custody_missing", "custody_contradiction", "collection_unverified", "attestation_unchecked", "offer_open",
            "custody_gap",
        }),
    ),
    Rule(
        "donor", _("Donor"), _("Weight and donor"),
        _("the recipient's weight and the donor's status"),
        _("the status of the donor changed"), CRITICAL, things.donor_told,
        outstanding=frozenset({"no_weight", "unverified_weight", "donor_unknown", "donor_reactive"}),
    ),
    Rule(
        "holds", _("Hold"), _("Holds"), _("every hold on the batch, its shipment or containers, and every legal hold"),
        A_FACT, MINOR,
        things.holds_told, outstanding=frozenset({"on_hold"}),
    ),
    Rule(
        "integrity", _("Integrity"), _("Record intact"),
        _("every incident of the record's integrity that overlaps the batch"),
        _("entries were made while an incident was open"), CRITICAL, things.entries_told,
    ),
)  # fmt: skip
BY_CODE = {rule.code: rule for rule in RULES}
