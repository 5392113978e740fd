"""Review by exception: what of a record a reviewer has to see and judge, and the review of its audit trail."""
