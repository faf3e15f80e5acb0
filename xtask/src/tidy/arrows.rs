//! Who may depend on whom: arrows point down only.

use crate::workspace::{Dependency, Package};

/// Each room of the workspace with the rooms below it that it may depend on.
const ROOMS: &[(&str, &[&str])] = &[
    ("codegrant-core", &[]),
    ("codegrant-dev-provider", &["codegrant-core"]),
    (
        "codegrant-web",
        &["codegrant-core", "codegrant-dev-provider"],
    ),
    ("codegrant-axum", &["codegrant-web"]),
    ("codegrant-rocket", &["codegrant-web"]),
    ("codegrant-actix", &["codegrant-web"]),
    ("codegrant-redis", &["codegrant-web"]),
    ("codegrant-sqlx", &["codegrant-web"]),
    (
        "codegrant-testkit",
        &["codegrant-core", "codegrant-dev-provider", "codegrant-web"],
    ),
    ("adapter-poem", &["codegrant-web"]),
    ("tour", &["codegrant-web"]),
    (
        "side-by-side",
        &[
            "codegrant-axum",
            "codegrant-rocket",
            "codegrant-actix",
            "codegrant-web",
            "adapter-poem",
        ],
    ),
    ("xtask", &[]),
];

/// What any other example may depend on: what an app would name, and what the tours share.
const FOR_EXAMPLES: &[&str] = &[
    "tour",
    "codegrant-axum",
    "codegrant-rocket",
    "codegrant-actix",
    "codegrant-redis",
    "codegrant-sqlx",
];

/// What any room may use in its tests.
const FOR_TESTS: &str = "codegrant-testkit";

/// What the sans-IO room must not depend on directly.
const NOT_IN_CORE: &[&str] = &[
    "async-trait",
    "chrono",
    "futures",
    "getrandom",
    "hyper",
    "rand",
    "reqwest",
    "time",
    "tokio",
];

/// Checks the dependencies between the packages of the workspace.
pub(super) fn check(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for package in packages {
        let Some(allowed) = below(package) else {
            problems.push(format!(
                "{}: is no room that the table in xtask/src/tidy/arrows.rs knows",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            problems.extend(arrow(packages, package, dependency, allowed));
        }
    }
    problems.extend(runtime_in_core(packages));
    problems.extend(dev_provider_without_its_feature(packages));
    problems
}

/// Returns the rooms that a package may depend on; an example without a line of its own is one by its folder.
fn below(package: &Package) -> Option<&'static [&'static str]> {
    let room = ROOMS.iter().find(|(name, _)| *name == package.name);
    let is_example = || {
        let mut folders = package.manifest_path.components().rev().skip(2);
        folders.next().is_some_and(|f| f.as_os_str() == "examples")
    };
    room.map(|(_, below)| *below)
        .or_else(|| is_example().then_some(FOR_EXAMPLES))
}

fn arrow(
    packages: &[Package],
    from: &Package,
    dependency: &Dependency,
    allowed: &[&str],
) -> Option<String> {
    let to = dependency.name.as_str();
    let is_ours = packages.iter().any(|package| package.name == to);
    let in_tests = dependency.kind.as_deref() == Some("dev");
    // By a dependency on itself a package switches features on for its own tests.
    let for_tests = in_tests && (to == FOR_TESTS || to == from.name);
    let fine = !is_ours || allowed.contains(&to) || for_tests;
    (!fine).then(|| {
        format!(
            "{} must not depend on {to}{}: arrows point down only",
            from.name,
            if in_tests { ", not even in tests" } else { "" }
        )
    })
}

fn runtime_in_core(packages: &[Package]) -> Vec<String> {
    let core = packages.iter().filter(|p| p.name == "codegrant-core");
    let dependencies = core.flat_map(|package| &package.dependencies);
    let direct = dependencies.filter(|d| d.kind.is_none());
    let bad = direct.filter(|d| NOT_IN_CORE.contains(&d.name.as_str()));
    bad.map(|d| {
        format!(
            "codegrant-core must not depend on {}: it is sans-IO",
            d.name
        )
    })
    .collect()
}

/// The dev provider may be part of an app only behind the feature that is named after it.
fn dev_provider_without_its_feature(packages: &[Package]) -> Vec<String> {
    let mut problems = Vec::new();
    for web in packages.iter().filter(|p| p.name == "codegrant-web") {
        let mut ordinary = web.dependencies.iter().filter(|d| d.kind.is_none());
        let Some(dependency) = ordinary.find(|d| d.name == "codegrant-dev-provider") else {
            continue;
        };
        if !dependency.optional {
            problems.push("codegrant-web: codegrant-dev-provider must be optional".to_owned());
        }
        for (feature, switches) in &web.features {
            let switches_on = switches.iter().any(|s| s == "dep:codegrant-dev-provider");
            if switches_on && feature != "dev" {
                problems.push(format!(
                    "codegrant-web: feature {feature} switches the dev provider on, only `dev` may"
                ));
            }
        }
        if web
            .features
            .get("default")
            .is_some_and(|on| on.iter().any(|s| s == "dev"))
        {
            problems.push("codegrant-web: feature dev must not be on by default".to_owned());
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn package(name: &str, folder: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let dependency = |&(name, kind): &(&str, Option<&str>)| Dependency {
            name: name.to_owned(),
            kind: kind.map(str::to_owned),
            optional: false,
        };
        Package {
            name: name.to_owned(),
            manifest_path: format!("/a/{folder}/{name}/Cargo.toml").into(),
            dependencies: dependencies.iter().map(dependency).collect(),
            ..Package::default()
        }
    }

    fn rooms(more: Vec<Package>) -> Vec<Package> {
        let mut packages = more;
        for name in ["codegrant-core", "codegrant-testkit", "codegrant-axum"] {
            if !packages.iter().any(|package| package.name == name) {
                packages.push(package(name, "crates", &[]));
            }
        }
        packages
    }

    #[test]
    fn arrows_of_the_design_are_accepted() {
        let packages = rooms(vec![
            package(
                "codegrant-web",
                "crates",
                &[
                    ("codegrant-core", None),
                    ("codegrant-testkit", Some("dev")),
                    ("codegrant-web", Some("dev")),
                ],
            ),
            package(
                "codegrant-core",
                "crates",
                &[("oauth2", None), ("rand", Some("dev"))],
            ),
            package(
                "hello",
                "examples",
                &[("codegrant-axum", None), ("tokio", None)],
            ),
        ]);
        assert_eq!(check(&packages), [""; 0]);
    }

    #[test]
    fn arrow_that_points_up_is_refused() {
        let packages = rooms(vec![
            package("codegrant-web", "crates", &[("codegrant-axum", None)]),
            package("hello", "examples", &[("codegrant-core", None)]),
        ]);
        assert_eq!(
            check(&packages),
            [
                "codegrant-web must not depend on codegrant-axum: arrows point down only",
                "hello must not depend on codegrant-core: arrows point down only",
            ]
        );
    }

    #[test]
    fn adapter_that_is_an_example_is_seen_by_the_comparison_alone() {
        let packages = |name| {
            let poem = package("adapter-poem", "examples", &[]);
            let user = package(name, "examples", &[("adapter-poem", None)]);
            rooms(vec![poem, user])
        };
        assert_eq!(check(&packages("side-by-side")), [""; 0]);
        assert_eq!(
            check(&packages("hello")),
            ["hello must not depend on adapter-poem: arrows point down only"]
        );
    }

    #[test]
    fn app_names_no_room_below_its_adapter() {
        let packages = rooms(vec![
            package("codegrant-web", "crates", &[]),
            package("hello", "examples", &[("codegrant-web", None)]),
        ]);
        assert_eq!(
            check(&packages),
            ["hello must not depend on codegrant-web: arrows point down only"]
        );
    }

    #[test]
    fn testkit_is_for_tests_only() {
        let packages = rooms(vec![package(
            "codegrant-axum",
            "crates",
            &[("codegrant-testkit", None)],
        )]);
        assert_eq!(
            check(&packages),
            ["codegrant-axum must not depend on codegrant-testkit: arrows point down only"]
        );
    }

    #[test]
    fn framework_is_kept_from_testkit_even_in_tests() {
        let packages = rooms(vec![package(
            "codegrant-testkit",
            "crates",
            &[("codegrant-axum", Some("dev"))],
        )]);
        assert!(check(&packages)[0].contains("not even in tests"));
    }

    #[test]
    fn runtime_in_core_is_refused() {
        let packages = rooms(vec![package(
            "codegrant-core",
            "crates",
            &[("tokio", None)],
        )]);
        assert_eq!(
            check(&packages),
            ["codegrant-core must not depend on tokio: it is sans-IO"]
        );
    }

    #[test]
    fn room_that_nobody_drew_is_a_problem() {
        let packages = rooms(vec![package("codegrant-extra", "crates", &[])]);
        assert!(check(&packages)[0].starts_with("codegrant-extra: is no room"));
    }

    #[test]
    fn dev_provider_needs_its_feature() {
        let mut web = package(
            "codegrant-web",
            "crates",
            &[("codegrant-dev-provider", None)],
        );
        let dev = package("codegrant-dev-provider", "crates", &[]);
        let told = |web: &Package| dev_provider_without_its_feature(std::slice::from_ref(web));
        assert_eq!(
            told(&web),
            ["codegrant-web: codegrant-dev-provider must be optional"]
        );
        web.dependencies[0].optional = true;
        let on = |features: &[(&str, &str)]| -> BTreeMap<String, Vec<String>> {
            let pairs = features.iter();
            pairs
                .map(|(f, s)| (f.to_string(), vec![s.to_string()]))
                .collect()
        };
        web.features = on(&[("dev", "dep:codegrant-dev-provider")]);
        assert_eq!(check(&rooms(vec![web, dev])), [""; 0]);
        let mut web = package(
            "codegrant-web",
            "crates",
            &[("codegrant-dev-provider", None)],
        );
        web.dependencies[0].optional = true;
        web.features = on(&[("login", "dep:codegrant-dev-provider"), ("default", "dev")]);
        assert_eq!(
            told(&web),
            [
                "codegrant-web: feature login switches the dev provider on, only `dev` may",
                "codegrant-web: feature dev must not be on by default",
            ]
        );
    }
}
