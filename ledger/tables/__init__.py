"""Tables that somebody sends as a file: from its bytes to rows, or to sentences that say why not."""
