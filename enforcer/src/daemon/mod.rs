//! The daemon: keeps a policy in force, follows its files and the interfaces, and answers.

pub mod enforcement;
pub mod main_loop;
pub mod source;
pub mod watch;
