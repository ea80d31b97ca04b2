//! `enforcer explain`, as users see it: a packet by words or out of a capture, what is said of it, and the change that is
//! shown, pasted and tried.

mod explain {
    mod captures;
    mod reasons;
    mod site;
    mod words;
}
