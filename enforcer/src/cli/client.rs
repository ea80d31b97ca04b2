//! What the commands that ask the daemon have in common.

use super::Exit;
use crate::control::Answer;

/// Prints a refusal or a problem; gives what the daemon said otherwise.
pub(super) fn accept(answer: Answer) -> anyhow::Result<Result<serde_json::Value, Exit>> {
    match answer {
        Answer::Ok(value) => Ok(Ok(value)),
        Answer::Problem(report) => {
            eprintln!("{}", report.trim_end());
            Ok(Err(Exit::Problem))
        }
        Answer::Refused(why) => anyhow::bail!(why),
    }
}
