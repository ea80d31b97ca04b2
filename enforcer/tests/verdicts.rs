//! Verdicts through the kernel program, topic by topic: a policy, frames, and what must become of each.
//!
//! What is expected follows from the words of the design, never from what the program happens to do. Every row is tried with
//! IPv4 and with IPv6 where the topic has both.

mod verdicts {
    mod audit;
    mod connections;
    mod ends;
    mod essentials;
    mod fragments;
    mod frames;
    mod guardrails;
    mod link;
    mod lists;
    mod mud;
    mod places;
    mod profile;
    mod program;
    mod router;
    mod same;
    mod senders;
    mod site;
    mod transitions;
    mod unknown;
}
