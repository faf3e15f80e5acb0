//! What fuzzers and people have found worth keeping, once more on the stable compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use codegrant_testkit::fuzz::{self, TARGETS};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

#[test]
fn no_kept_input_breaks_a_rule() {
    let mut replayed = 0;
    for target in TARGETS {
        for entry in fs::read_dir(corpus().join(target.name)).unwrap() {
            let path = entry.unwrap().path();
            let input = fs::read(&path).unwrap();
            let run = std::panic::catch_unwind(|| fuzz::run(target.name, &input));
            assert!(run.is_ok(), "{} breaks a rule", path.display());
            replayed += 1;
        }
    }
    assert!(replayed >= 3 * TARGETS.len(), "only {replayed} inputs");
}

#[test]
fn every_folder_of_the_corpus_belongs_to_a_target() {
    let folders = fs::read_dir(corpus()).unwrap();
    let folders: BTreeSet<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let targets: BTreeSet<String> = TARGETS
        .iter()
        .map(|target| target.name.to_owned())
        .collect();
    assert_eq!(folders, targets);
}

/// Cut short, doubled, with bytes changed: what the corpus holds leads to thousands of inputs that nearly fit.
#[test]
fn what_nearly_is_a_kept_input_breaks_no_rule() {
    for target in TARGETS {
        for entry in fs::read_dir(corpus().join(target.name)).unwrap() {
            let input = fs::read(entry.unwrap().path()).unwrap();
            let step = (input.len() / 24).max(1);
            for at in (0..input.len()).step_by(step) {
                fuzz::run(target.name, &input[..at]);
                let mut changed = input.clone();
                changed[at] ^= 0x15;
                fuzz::run(target.name, &changed);
                changed.insert(at, b'"');
                fuzz::run(target.name, &changed);
            }
        }
    }
}
