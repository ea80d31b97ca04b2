//! Verdicts of the kernel program and of the reference, topic by topic: a policy, frames, and what must become of each.
//!
//! What is expected follows from the words of the design, never from what either happens to do. Every row is tried with
//! IPv4 and with IPv6 where the topic has both.

mod verdicts {
    mod audit;
    mod bare;
    mod buffers;
    mod catalogue;
    mod chains;
    mod claims;
    mod connections;
    mod ends;
    mod essentials;
    mod fragments;
    mod frames;
    mod full;
    mod guardrails;
    mod lengths;
    mod link;
    mod lists;
    mod mud;
    mod places;
    mod profile;
    mod program;
    mod quotes;
    mod raw;
    mod readings;
    mod router;
    mod same;
    mod senders;
    mod site;
    mod transitions;
    mod unknown;
    mod unreadable;
}
