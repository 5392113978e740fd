"""Who may do what: one table, readable by an inspector and tested over every role and permission.

Being a witness is a meaning of a signature, not a role; a shift lead is a QC reviewer or QA. An administrator looks
after accounts and sees no batch. Permissions of several roles add up; the rules about two different people stay.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """The eight roles."""

    TECHNICIAN = "technician", _("Technician")
    QC_ANALYST = "qc_analyst", _("QC analyst")
    QC_REVIEWER = "qc_reviewer", _("QC reviewer")
    QA = "qa", _("Quality assurance")
    QUALIFIED_PERSON = "qualified_person", _("Qualified person")
    LOGISTICS = "logistics", _("Logistics")
    INSPECTOR = "inspector", _("Inspector")
    ADMINISTRATOR = "administrator", _("Administrator")


class Permission(TextChoices):
    """The things a role may allow; each act asks for exactly one."""

    ACCOUNT_MANAGE = "account.manage", _("admit people, change roles, reset keys, deactivate")
    SECURITY_READ = "security.read", _("read the security log")
    ACCESS_REVIEW = "access.review", _("review every account and its roles")
    TRAINING_RECORD = "training.record", _("record training")
    BLOCK_LIFT = "block.lift", _("lift the block of somebody who typed wrong passwords")
    OWN_ACCOUNT = "account.own", _("look after one's own account, key and tokens")

    RECORD_READ = "record.read", _("read batches, custody, results and certificates")
    RECORD_READ_GRANTED = "record.read_granted", _("read the records that an inspection opened")
    RECORD_COPY = "record.copy", _("take copies of records")
    INSPECTION_MANAGE = "inspection.manage", _("open records to inspections and hand copies over")
    LEDGER_VERIFY = "ledger.verify", _("run the verification and read the audit trail")
    INCIDENT_CLOSE = "incident.close", _("close incidents of the record's integrity")
    IDENTITY_ERASE = "identity.erase", _("erase the identity record of a subject")
    LEGAL_HOLD = "legal_hold.set", _("keep a record beyond its retention, and end that")
    TRUE_COPY = "true_copy.certify", _("certify scans as true copies of papers")

    SUBJECT_REGISTER = "subject.register", _("register a subject and its chain of identity")
    COLLECTION_REGISTER = "collection.register", _("register a collection and its containers")
    CUSTODY_RECORD = "custody.record", _("hand over, accept, place, scan and attest")
    PARTY_REGISTER = "party.register", _("register parties, places and storage units")

    DEFINITION_PREPARE = "definition.prepare", _("prepare and check definitions")
    DEFINITION_APPROVE = "definition.approve", _("approve definitions and material lots")
    ORDER_PLACE = "order.place", _("place orders and record weights")
    WEIGHT_VERIFY = "weight.verify", _("verify a recorded weight")
    BATCH_ISSUE = "batch.issue", _("issue a batch record")
    STEP_WORK = "step.work", _("record values and perform steps")
    STEP_WITNESS = "step.witness", _("check before an act and witness steps")

    STARTING_MATERIAL = "starting_material.decide", _("decide on starting material, and end manufacture")
    MATERIAL_RECEIVE = "material.receive", _("receive lots, and record openings and discards")
    EQUIPMENT_CARE = "equipment.care", _("record cleaning and holds of equipment")
    EQUIPMENT_MANAGE = "equipment.manage", _("register equipment and areas, record calibration and qualification")
    CONTAINER_END = "container.end", _("record what became of a container")
    PLAN = "plan.manage", _("plan suites, shipments and treatment")
    ORDER_END = "order.end", _("end an order")
    ALARM_ACKNOWLEDGE = "alarm.acknowledge", _("take on alarms")
    ONCALL_MANAGE = "oncall.manage", _("say who is on call")

    SAMPLE_RECEIVE = "sample.receive", _("receive samples in the laboratory")
    RESULT_ENTER = "result.enter", _("record readings and submit results")
    RESULT_REVIEW = "result.review", _("review results of others")
    RESULTS_APPROVE = "results.approve", _("approve results for a certificate of analysis")

    CONTROL_RUN_DECIDE = "control_run.decide", _("accept or reject runs by their controls")
    TREND_LIMITS_APPROVE = "trend_limits.approve", _("approve the limits of trends")
    TREND_SIGNAL_CLOSE = "trend_signal.close", _("close signals that others assessed")
    DOSE_DETERMINE = "dose.determine", _("determine or verify the dose of a batch")

    BATCH_HOLD = "batch.hold", _("put a batch, its shipment or containers on hold")
    FACT_ASSESS = "fact.assess", _("assess departures and excursions, close records out of specification, lift holds")
    RECORD_REVIEW = "record.review", _("review the batch record for quality assurance")
    BATCH_CERTIFY = "batch.certify", _("certify a batch or refuse to")
    OUTSIDE_RECORD = "outside.record", _("enter what physicians, sponsors and authorities said of a batch")


_EVERYBODY = {Permission.OWN_ACCOUNT}
_AT_THE_BENCH = _EVERYBODY | {
    Permission.RECORD_READ,
    Permission.CUSTODY_RECORD,
    Permission.TRUE_COPY,
    Permission.ALARM_ACKNOWLEDGE,
}

TABLE: dict[Role, frozenset[Permission]] = {
    Role.TECHNICIAN: frozenset(
        _AT_THE_BENCH
        | {
            Permission.COLLECTION_REGISTER,
            Permission.STEP_WORK,
            Permission.STEP_WITNESS,
            Permission.WEIGHT_VERIFY,
            Permission.MATERIAL_RECEIVE,
            Permission.EQUIPMENT_CARE,
            Permission.CONTAINER_END,
        }
    ),
    Role.QC_ANALYST: frozenset(
        _AT_THE_BENCH | {Permission.SAMPLE_RECEIVE, Permission.RESULT_ENTER, Permission.CONTROL_RUN_DECIDE}
    ),
    Role.QC_REVIEWER: frozenset(
        _AT_THE_BENCH
        | {
            Permission.RESULT_REVIEW,
            Permission.RESULTS_APPROVE,
            Permission.BATCH_HOLD,
            Permission.CONTROL_RUN_DECIDE,
            Permission.TREND_SIGNAL_CLOSE,
            Permission.DOSE_DETERMINE,
            Permission.DEFINITION_PREPARE,
            Permission.LEDGER_VERIFY,
            Permission.BLOCK_LIFT,
            Permission.EQUIPMENT_CARE,
            Permission.STARTING_MATERIAL,
            Permission.PLAN,
        }
    ),
    Role.QA: frozenset(
        _EVERYBODY
        | {
            Permission.RECORD_READ,
            Permission.LEDGER_VERIFY,
            Permission.SECURITY_READ,
            Permission.ACCESS_REVIEW,
            Permission.TRAINING_RECORD,
            Permission.BLOCK_LIFT,
            Permission.SUBJECT_REGISTER,
            Permission.PARTY_REGISTER,
            Permission.ORDER_PLACE,
            Permission.WEIGHT_VERIFY,
            Permission.DEFINITION_PREPARE,
            Permission.DEFINITION_APPROVE,
            Permission.BATCH_ISSUE,
            Permission.TREND_LIMITS_APPROVE,
            Permission.TREND_SIGNAL_CLOSE,
            Permission.DOSE_DETERMINE,
            Permission.BATCH_HOLD,
            Permission.FACT_ASSESS,
            Permission.RECORD_REVIEW,
            Permission.OUTSIDE_RECORD,
            Permission.RECORD_READ_GRANTED,
            Permission.RECORD_COPY,
            Permission.INSPECTION_MANAGE,
            Permission.INCIDENT_CLOSE,
            Permission.IDENTITY_ERASE,
            Permission.LEGAL_HOLD,
            Permission.TRUE_COPY,
            Permission.STARTING_MATERIAL,
            Permission.EQUIPMENT_CARE,
            Permission.EQUIPMENT_MANAGE,
            Permission.CONTAINER_END,
            Permission.PLAN,
            Permission.ORDER_END,
            Permission.ALARM_ACKNOWLEDGE,
            Permission.ONCALL_MANAGE,
        }
    ),
    Role.QUALIFIED_PERSON: frozenset(
        _EVERYBODY
        | {
            Permission.RECORD_READ,
            Permission.LEDGER_VERIFY,
            Permission.BATCH_HOLD,
            Permission.BATCH_CERTIFY,
            Permission.OUTSIDE_RECORD,
            Permission.DEFINITION_APPROVE,
            Permission.RECORD_COPY,
            Permission.INCIDENT_CLOSE,
            Permission.IDENTITY_ERASE,
            Permission.ORDER_END,
            Permission.ALARM_ACKNOWLEDGE,
        }
    ),
    Role.LOGISTICS: frozenset(
        _AT_THE_BENCH
        | {
            Permission.SUBJECT_REGISTER,
            Permission.COLLECTION_REGISTER,
            Permission.PARTY_REGISTER,
            Permission.ORDER_PLACE,
            Permission.WEIGHT_VERIFY,
            Permission.MATERIAL_RECEIVE,
            Permission.CONTAINER_END,
            Permission.PLAN,
        }
    ),
    # An inspector reads what an inspection opens, and nothing else.
    Role.INSPECTOR: frozenset(_EVERYBODY | {Permission.RECORD_READ_GRANTED, Permission.RECORD_COPY}),
    Role.ADMINISTRATOR: frozenset(_EVERYBODY | {Permission.ACCOUNT_MANAGE, Permission.SECURITY_READ}),
}


def permissions_of(roles: list[str]) -> frozenset[Permission]:
    """Give what people with these roles may do; an unknown role allows nothing."""
    known = [Role(role) for role in roles if role in Role.values]
    return frozenset().union(*(TABLE[role] for role in known))
