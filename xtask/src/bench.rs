//! `cargo xtask bench`: every benchmark of the workspace, and the machine that its figures belong to.

use std::fs;

use crate::process::{Running, cargo};
use crate::workspace::{Package, Target, Workspace};

/// Runs the benchmarks, or those whose name contains a word. Returns whether they all ran.
///
/// # Errors
///
/// There are none.
pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Result<bool, String> {
    let benches: Vec<(&Package, &Target)> = benches(&workspace.packages).collect();
    if benches.is_empty() {
        return Err("there are no benchmarks".to_owned());
    }
    println!("{}", machine());
    let mut fine = true;
    for (package, bench) in benches {
        let mut command = cargo(&workspace.root);
        command.args(["bench", "--locked", "--package", &package.name]);
        command.args(["--bench", &bench.name]);
        command.args(filter.map(|word| ["--", word]).into_iter().flatten());
        let status = Running::start(&mut command).and_then(Running::wait);
        fine &= status.is_ok_and(|status| status.success());
    }
    Ok(fine)
}

fn benches(packages: &[Package]) -> impl Iterator<Item = (&Package, &Target)> {
    packages.iter().flat_map(|package| {
        let targets = package.targets.iter();
        let benches = targets.filter(|target| target.kind.iter().any(|kind| kind == "bench"));
        benches.map(move |bench| (package, bench))
    })
}

/// Says what machine this is; a figure without it means nothing.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor(&information).unwrap_or("an unknown processor");
    let system = std::env::consts::OS;
    format!("{model}, {cores} cores, {system}")
}

fn processor(information: &str) -> Option<&str> {
    let line = information
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_are_found_among_the_targets() {
        let target = |name: &str, kind: &str| Target {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
        };
        let package = Package {
            name: "a".to_owned(),
            targets: vec![target("a", "lib"), target("login", "bench")],
            ..Package::default()
        };
        let packages = [package, Package::default()];
        let found: Vec<_> = benches(&packages)
            .map(|(p, b)| (&*p.name, &*b.name))
            .collect();
        assert_eq!(found, [("a", "login")]);
    }

    #[test]
    fn processor_is_read_from_its_line() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n";
        assert_eq!(processor(text), Some("Some CPU @ 2 GHz"));
        assert_eq!(processor(""), None);
    }
}
