//! The npm package `oidc-provider` as a process, and a person in front of its pages.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::site::reply::Reply;
use crate::suite::leave_out;
use crate::suite::process::Process;
use crate::suite::visitor::{Visitor, target_of};

/// The provider, listening; dropping it ends it.
pub(super) struct OidcProvider {
    pub(super) issuer: String,
    process: Process,
}

impl OidcProvider {
    /// Starts it with the configuration that `interop/oidc-provider/README.md` describes.
    ///
    /// `None`, and a word about it, where it is not installed.
    pub(super) fn start(configuration: &Value) -> Option<Self> {
        let folder = find_folder()?;
        let program = folder.join("server.mjs").display().to_string();
        let arguments = [program, "--config".to_owned(), configuration.to_string()];
        let process = Process::start_listening("node", &arguments);
        let issuer = process.wait_for_output(|line| {
            let ready: Value = serde_json::from_str(line).ok()?;
            ready["issuer"].as_str().map(str::to_owned)
        });
        Some(Self { issuer, process })
    }

    /// Waits for a line about what it did that holds all these words.
    pub(super) fn wait_for_line(&self, words: &[&str]) {
        self.process.wait_for_error_line(words);
    }

    /// Returns what it has printed: why it refused what it refused.
    pub(super) fn said(&self) -> String {
        self.process.said()
    }
}

/// Describes the users that the tests log in as, `ada` wherever one is enough.
pub(super) fn users() -> Value {
    json!({
        "ada": { "name": "Ada Lovelace", "email": "ada@example.test", "email_verified": true },
        "grace": { "name": "Grace Hopper", "email": "grace@example.test", "email_verified": true },
    })
}

/// Answers the provider's pages as this user until it sends the browser elsewhere; returns that redirect, or
/// the page that posts the answer.
pub(super) fn consent(
    visitor: &mut Visitor,
    provider: &OidcProvider,
    user: &str,
    first: Reply,
) -> Reply {
    let stays = |next: &str| next.starts_with(&provider.issuer);
    let mut reply = visitor.follow_while(first, stays);
    // Sign-in and consent, and once more of each for somebody who has to be asked again.
    for _ in 0..4 {
        if target_of(&reply).is_some() {
            break;
        }
        let interaction = reply.url.rsplit('/').next().unwrap_or_default().to_owned();
        let more: &[(&str, &str)] = match prompt(&reply) {
            Some("login") => &[("login", user), ("password", "x")],
            Some(_) => &[],
            None => break,
        };
        let next = visitor.submit(&reply, &interaction, more);
        reply = visitor.follow_while(next, stays);
    }
    reply
}

/// Returns what the page asks for; `None` when it is neither sign-in nor consent.
fn prompt(page: &Reply) -> Option<&str> {
    let (_, rest) = page.body.split_once("name=\"prompt\" value=\"")?;
    rest.split('"').next()
}

/// Finds the folder of the installed provider, or says why the test is left out.
fn find_folder() -> Option<PathBuf> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/interop/oidc-provider");
    let folder = std::env::var_os("CODEGRANT_OIDC_PROVIDER").map_or_else(usual, PathBuf::from);
    let missing = ["server.mjs", "node_modules/oidc-provider"];
    let missing = missing.iter().find(|part| !folder.join(part).exists());
    if let Some(part) = missing {
        let why = format!(
            "CODEGRANT_OIDC_PROVIDER is not set, or {} has no {part}",
            folder.display()
        );
        leave_out("interop", &why);
        return None;
    }
    let node = Command::new("node").arg("--version").output();
    if !node.is_ok_and(|output| output.status.success()) {
        leave_out("interop", "there is no node in PATH");
        return None;
    }
    Some(folder)
}
