"""How every short master record of these tests begins: the bag that came is read before anything else."""

BEGINNING = """
kind: master
code: MBR-CD19
version: "1"
title: %(title)s
product: PROD-CD19
reference: Example
rounding: USP
training: {procedure: MBR-CD19, version: "1"}
stages:
  - code: receipt
    title: Receipt
    steps:
      - code: "1.1"
        title: Identity of the apheresis bag
        instruction: Scan the bag.
        kind: container_scan
        critical: "yes"
        witness: "yes"
        forced: "yes"
        needs:
          - {code: apheresis_bag, title: Apheresis bag, kind: container, of: apheresis_bag}
        fields:
          - {code: receipt_labels_agree, title: Labels agree, type: yes_no, expected: ["yes"]}
"""


def begun(title: str) -> str:
    """The text of a master record of the CD19 product up to its first step, to be continued in its first stage."""
    return BEGINNING % {"title": title}
