"""What was tried for figures that may miss their goal, by line; the table says it beside one that does."""

TRIED = {
    "brain": "failures kept up by provider (20), times written without a format string, nothing written for what was sent (19)",
    "commit": "56 batches a commit and fewer pages (21, 32), rows in their order (24)",
    "pg_commit": "rows of a statement together, indexes that only their own statements can take (35); the server's processor is the limit: a third of it goes to indexes",
    "poll_paced": "polls in company and in runs (26), plain reading (23); phases cut to half a second (26)",
    "poll_wan": "polls in company and in runs (26), plain reading (23), TLS resumed",
    "storm10k": "decisions 19 to 22 and 24, connections kept, log lines together (before them 16 s, 1,400 us); what the store writes of it is 0.7 s alone (line commit)",
}
