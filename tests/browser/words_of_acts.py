"""The words with which pages ask for what a signed act needs."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page

from accounts.acts import act_called

# What stands beside a field of a form that makes a challenge: the form's address, the field's name and its label.
ASKED = """
() => [...document.querySelectorAll('form[action^="/sign/"]')].flatMap((form) =>
  [...form.elements].filter((one) => one.name && one.labels?.length && !/radio|checkbox/.test(one.type)).map((one) => {
    const label = one.labels[0].cloneNode(true);
    label.querySelectorAll(".field__optional").forEach((part) => part.remove());
    return [form.getAttribute("action"), one.name, label.textContent.replace(/\\s+/g, " ").trim()];
  }))
"""
# Where a page says more than its act can: it knows the decision, the run, the document or the value that is meant.
SAYS_MORE = {
    ("batch.certify", "statement"),
    ("control.decide", "decision"),
    ("legal_hold.set", "reason"),
    ("legal_hold.lift", "reason"),
    ("result.correct", "replicate"),
    ("supply.record_statement", "reference"),
    ("value.correct", "typed"),
}


def other_words(page: Page) -> Iterator[str]:
    """Give each field of a signed act that this page calls otherwise than the act itself, and a refusal of it, does."""
    for address, name, label in page.evaluate(ASKED):
        code = re.split("[/?]", address)[2]
        act = act_called(code)
        assert act is not None
        words = str(act.asks().fields[name].label)
        if label != words and (code, name) not in SAYS_MORE:
            yield f"{code}: the page asks for “{label}”, the act for “{words}”"
