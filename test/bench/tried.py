"""What was tried for figures that may miss their goal, by line; the table says it beside one that does."""

TRIED = {
    "brain": "",
    "commit": "",
    "poll_paced": "",
    "poll_wan": "",
    "storm10k": "decisions 20 to 22, connections kept, log lines together (before them 16 s, 1,400 us)",
}
