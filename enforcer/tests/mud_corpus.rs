//! Public MUD files: each compiles, or is refused with its line and the reason. The files are not part of this repository;
//! where the folder `shared` does not stand beside it, the test says that it skips.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use enforcer::mud;

/// A refused file with the code and the line of each problem.
type Refused<'a> = (&'a str, &'a [(&'a str, u32)]);

const REFUSED: &[Refused] = &[
    // Drafts without the container of the RFC.
    ("elear__mud/examples/lighting-example.json", &[("MUD003", 2)]),
    ("elear__mud/examples/plc-example.json", &[("MUD003", 4)]),
    // A stray comma: not JSON.
    ("elear__mud/examples/thermostat-example.json", &[("MUD002", 28)]),
    // No policy, no URL.
    ("faucetsdn__daq/mud_files/default.json", &[("MUD006", 2), ("MUD005", 2)]),
    // Two lists of one name.
    ("iot-onboarding__mud-visualizer/sample_mud_files/tester_local_network3_udp.json", &[("MUD007", 108)]),
    // No policy.
    ("iot-onboarding__mudmaker/_history/f7b1bd2d__directed-broadcasts-example.json", &[("MUD006", 2)]),
    // Access lists as drafts had them.
    (
        "osmud__osmud/example/MUDFILE.NEST",
        &[
            ("MUD004", 3),
            ("MUD010", 13),
            ("MUD010", 17),
            ("MUD010", 27),
            ("MUD010", 31),
            ("MUD010", 41),
            ("MUD010", 89),
            ("MUD010", 137),
            ("MUD010", 185),
        ],
    ),
    ("osmud__osmud/test/lightbulb2000.json", &[("MUD010", 32), ("MUD010", 33), ("MUD010", 59), ("MUD010", 60)]),
];

#[test]
fn every_public_file_compiles_or_is_refused_with_a_reason() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus/mud");
    if !corpus.is_dir() {
        // Past the capture of the test runner, which would swallow it.
        writeln!(io::stderr(), "mud_corpus SKIPPED: there is no {}", corpus.display()).expect("stderr");
        return;
    }
    let mut refused = Vec::new();
    let files = files(&corpus);
    assert!(!files.is_empty());
    for file in &files {
        let shown = file.strip_prefix(&corpus).unwrap().display().to_string();
        match mud::parse(file, &shown) {
            Ok((profile, lints)) => {
                let all: Vec<_> = profile.from_device.iter().chain(&profile.to_device).collect();
                let alive = all.iter().filter(|ace| ace.unsupported.is_empty()).count();
                println!("{shown}: compiled {alive}/{} ACEs, {} lints", all.len(), lints.len());
                assert!(all.iter().all(|ace| ace.place.line > 0 && *ace.place.file == *shown));
                assert!(lints.iter().all(|lint| lint.line > 0 && !lint.message.is_empty()));
            }
            Err(problems) => {
                for problem in &problems {
                    println!("{shown}:{}: refused: {} {}", problem.line, problem.code, problem.message);
                }
                let told: Vec<_> = problems.iter().map(|problem| (problem.code, problem.line)).collect();
                refused.push((shown, told));
            }
        }
    }
    println!("{} files, {} refused", files.len(), refused.len());
    let refused: Vec<Refused> = refused.iter().map(|(shown, told)| (shown.as_str(), told.as_slice())).collect();
    assert_eq!(refused, REFUSED);
}

/// All files below the folder, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the corpus can be read") {
        let path = entry.expect("the corpus can be read").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
