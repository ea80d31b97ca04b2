//! The differential test in short: the program in the kernel, the same code on the host and the reference say the same of
//! every frame. `cargo xtask verify` runs it for as long as one likes.

use std::path::PathBuf;

use anyhow::{Result, bail};
use enforcer::replay::{Finding, Program};
use enforcer_common::reason::{Reason, Verdict};
use enforcer_tests::router::repository;
use enforcer_tests::scratch::Scratch;
use enforcer_tests::verify::case::Case;
use enforcer_tests::verify::compare::{ENDS, START, compare, tell};
use enforcer_tests::verify::host::Host;
use enforcer_tests::verify::kernel::{self, Kernel};
use enforcer_tests::verify::prepared::Prepared;
use enforcer_tests::verify::reference::Reference;
use enforcer_tests::verify::run::{self, Outcome, Panel, Plan};
use enforcer_tests::verify::session::Session;
use enforcer_tests::verify::tally::Tally;
use enforcer_tests::verify::traffic::{Extent, What};
use enforcer_tests::verify::witness::Witness;

/// Reasons that packets can be let through or dropped for today.
const PASSES: [Reason; 3] = [Reason::Established, Reason::Allowed, Reason::Essential];
const DROPS: [Reason; 10] = [
    Reason::Malformed,
    Reason::Fragment,
    Reason::SpoofedSource,
    Reason::UnknownDevice,
    Reason::UnknownZone,
    Reason::Guardrail,
    Reason::NoTransition,
    Reason::MudFromDevice,
    Reason::MudToDevice,
    Reason::InvalidState,
];

fn plan(kernel: bool, packets: u64, policies: u64) -> Plan {
    Plan {
        packets,
        policies,
        seed: 1,
        workers: 2,
        panel: Panel { kernel, reference: true },
        extent: Extent::ALL,
        stop: false,
        folder: repository().unwrap_or_default().join("target/verify"),
    }
}

/// No difference, hardly a policy that cannot be used, and every reason was given.
fn assert_agreement(outcome: &Outcome, verdicts: &[Verdict]) {
    println!("{}", outcome.tally);
    for (kind, (count, story)) in &outcome.differences {
        println!("{count} sessions: {kind}\n{story}");
    }
    assert_eq!(outcome.differing, 0, "witnesses disagree");
    let refused: u64 = outcome.refused.values().sum();
    assert!(refused * 10 < outcome.policies, "{refused} policies refused: {:?}", outcome.refused);
    for verdict in verdicts {
        let reasons = if *verdict == Verdict::Pass { &PASSES[..] } else { &DROPS };
        for reason in reasons {
            let count = outcome.tally.entered(*verdict, *reason);
            assert!(count > 0, "no frame that enters is {} for {}", verdict.label(), reason.label());
        }
    }
}

#[test]
fn host_and_reference_agree() -> Result<()> {
    let outcome = run::run(&plan(false, 40_000, 80), &|_, _| {})?;
    assert_agreement(&outcome, &[Verdict::Pass, Verdict::Drop]);
    Ok(())
}

#[test]
#[ignore = "loads the kernel program: needs root"]
fn kernel_host_and_reference_agree() -> Result<()> {
    let outcome = run::run(&plan(true, 200_000, 400), &|_, _| {})?;
    assert_agreement(&outcome, &[Verdict::Pass, Verdict::Drop, Verdict::Audit]);
    Ok(())
}

/// A witness who lets through what guardrails drop.
struct Lenient<'p>(Host<'p>);

impl<'p> Witness<'p> for Lenient<'p> {
    fn name(&self) -> &'static str {
        "lenient"
    }

    fn reload(&mut self, prepared: &'p Prepared) -> Result<()> {
        self.0.reload(prepared)
    }

    fn judge(&mut self, now: u64, what: &What) -> Result<Option<Finding<'_>>> {
        let found = self.0.judge(now, what)?;
        Ok(found.map(|mut found| {
            if found.reason == Reason::Guardrail {
                found.verdict = Verdict::Pass;
            }
            found
        }))
    }
}

#[test]
fn a_witness_who_errs_is_found() -> Result<()> {
    for seed in 0..50 {
        let generated = Session::generate(seed, 500, Extent::default())?;
        let (session, policies) = (generated.session, generated.prepared);
        let mut witnesses: [Box<dyn Witness<'_> + '_>; 2] = [
            Box::new(Host::new(&session.interfaces, &policies[0])),
            Box::new(Lenient(Host::new(&session.interfaces, &policies[0]))),
        ];
        let mut tally = Tally::default();
        let Some(difference) = compare(&mut witnesses, &policies, &session.events, &mut tally)? else {
            assert_eq!(tally.entered(Verdict::Drop, Reason::Guardrail), 0, "seed {seed}");
            continue;
        };
        let said: Vec<&str> = difference.readings.iter().map(|(_, said)| said.as_str()).collect();
        assert!(said[0].starts_with("drop guardrail") && said[1].starts_with("pass guardrail"), "{said:?}");
        return Ok(());
    }
    bail!("no guardrail dropped anything in 50 sessions")
}

fn cases() -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(repository()?.join("tests/cases"))? {
        folders.push(entry?.path());
    }
    folders.sort();
    Ok(folders)
}

/// Asks one witness about every event of a case, and tells of all that he says otherwise than it was written down.
fn check<'c>(case: &'c Case, witness: &mut dyn Witness<'c>) -> Result<Vec<String>> {
    let (mut now, mut next, mut wrong) = (START, case.policies.iter().skip(1), Vec::new());
    for (number, (event, expected)) in case.events.iter().zip(&case.expected).enumerate() {
        now += event.after;
        if event.what == What::Reload {
            if let Some(policy) = next.next() {
                witness.reload(policy)?;
            }
            continue;
        }
        let said = tell(witness.judge(now, &event.what)?.as_ref());
        // Ends are information.
        let judged = |said: &str| said.split(ENDS).next().unwrap_or_default().to_owned();
        if judged(&said) != judged(expected) {
            let line = number + 1;
            wrong.push(format!("line {line}: {}\n    expected {expected}\n    found    {said}", witness.name()));
        }
    }
    Ok(wrong)
}

/// Replays every case through the witnesses that `ask` gives.
fn replay_cases(mut ask: impl FnMut(&Case) -> Result<Vec<String>>) -> Result<()> {
    let folders = cases()?;
    assert!(!folders.is_empty(), "there are no cases");
    let mut wrong = Vec::new();
    for folder in &folders {
        let case = Case::read(folder)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        assert!(case.expected.iter().any(|expected| !expected.is_empty()), "{name} expects nothing");
        wrong.extend(ask(&case)?.into_iter().map(|line| format!("{name}, {line}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn cases_on_the_host_and_by_the_reference() -> Result<()> {
    replay_cases(|case| {
        let mut wrong = check(case, &mut Host::new(&case.interfaces, &case.policies[0]))?;
        wrong.extend(check(case, &mut Reference::new(&case.interfaces, &case.policies[0]))?);
        Ok(wrong)
    })
}

#[test]
#[ignore = "loads the kernel program: needs root"]
fn cases_in_the_kernel() -> Result<()> {
    let mut program: Program = kernel::load()?;
    replay_cases(|case| check(case, &mut Kernel::new(&mut program, &case.interfaces, &case.policies[0])?))
}

#[test]
fn a_session_is_the_same_from_its_files() -> Result<()> {
    let generated = Session::generate(7, 300, Extent::ALL)?;
    let scratch = Scratch::new()?;
    let folder = scratch.file("case");
    enforcer_tests::verify::case::save(&generated.session, &[], &folder)?;
    let case = Case::read(&folder)?;
    let expected: Vec<u64> = generated.session.events.iter().map(|event| event.after).collect();
    let found: Vec<u64> = case.events.iter().map(|event| event.after).collect();
    assert_eq!(found, expected);
    let frames = |what: &What| match what {
        What::Enters { frame, .. } | What::Leaves { frame, .. } => frame.clone(),
        What::Reload => Vec::new(),
    };
    for (one, other) in generated.session.events.iter().zip(&case.events) {
        assert_eq!(frames(&one.what), frames(&other.what));
    }
    assert_eq!(case.policies.len(), generated.prepared.len());
    for (one, other) in generated.prepared.iter().zip(&case.policies) {
        assert_eq!(one.image.digest, other.image.digest);
    }
    Ok(())
}
