//! Debian's packages, installed where this is root or may become it.

use std::process::Command;

use crate::process::{find_program, run_logged};
use crate::workspace::{Workspace, shown};

/// Installs packages and changes nothing else: no service is started, and no database made.
///
/// The two files by which a system says so are removed again where they were not there.
const INSTALL: &str = r#"
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
policy=/usr/sbin/policy-rc.d
clusters=/etc/postgresql-common/createcluster.conf
made=
trap 'rm -f $made' EXIT
trap 'exit 1' HUP INT TERM
if [ ! -e "$policy" ]; then
    made="$made $policy"
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" || exit
fi
if [ ! -e "$clusters" ]; then
    made="$made $clusters"
    mkdir -p "${clusters%/*}" && echo 'create_main_cluster = false' >"$clusters" || exit
fi
apt() {
    apt-get -o DPkg::Lock::Timeout=120 -o DPkg::Options::=--force-confold \
        -o Acquire::Retries=2 -o Acquire::http::Timeout=30 "$@"
}
apt update && apt install --yes --no-install-recommends "$@"
"#;

/// Installs packages.
///
/// # Errors
///
/// Why that is not possible here, or did not work.
pub(super) fn install(workspace: &Workspace, packages: &[&str]) -> Result<(), String> {
    if find_program("apt-get").is_none() {
        return Err("there is no apt-get".to_owned());
    }
    let Some(root) = becoming_root() else {
        return Err("this is neither root nor somebody with password-less sudo".to_owned());
    };
    let (last, before) = packages.split_last().unwrap_or((&"nothing", &[]));
    let names = match before {
        [] => format!("package {last}"),
        _ => format!("packages {} and {last}", before.join(", ")),
    };
    println!("set-up: installing the Debian {names}");
    let log = workspace.log("setup-debian");
    let installed = run_logged(&mut command(root, packages), &log);
    if installed.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let log = shown(&workspace.root, &log);
    Err(format!("apt-get failed: {log}"))
}

/// Returns what to put before a command so that root runs it: nothing, or `sudo`.
fn becoming_root() -> Option<&'static [&'static str]> {
    let id = Command::new("id").arg("-u").output().ok()?;
    if id.stdout.trim_ascii() == b"0" {
        return Some(&[]);
    }
    let sudo = Command::new("sudo").args(["-n", "true"]).output().ok()?;
    sudo.status.success().then_some(&["sudo", "-n"])
}

fn command(root: &[&str], packages: &[&str]) -> Command {
    let words: Vec<&str> = [root, &["sh", "-c", INSTALL, "sh"], packages].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_needs_no_sudo_and_others_put_it_first() {
        let words = |root: &[&str]| format!("{:?}", command(root, &["a-package"]));
        assert!(words(&[]).starts_with(r#""sh" "-c""#));
        assert!(words(&["sudo", "-n"]).starts_with(r#""sudo" "-n" "sh" "-c""#));
        assert!(words(&[]).ends_with(r#""sh" "a-package""#));
    }

    #[test]
    fn script_is_one_that_a_shell_can_read() {
        let checked = Command::new("sh").args(["-n", "-c", INSTALL]).output();
        assert!(checked.unwrap().status.success());
    }
}
