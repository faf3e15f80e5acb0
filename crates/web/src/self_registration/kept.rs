//! A registration that is kept in a file, so that a restart does not register anew: sealed, because it holds
//! secrets.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use codegrant_core::{ClientInformation, ClientMetadata};
use serde::{Deserialize, Serialize};

use crate::seal::{self, KeyRing, Purpose};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Where a registration is kept.
pub(crate) struct Kept<'a> {
    pub(crate) path: &'a Path,
    pub(crate) ring: &'a KeyRing,
    pub(crate) id: &'a str,
}

#[derive(Serialize, Deserialize)]
struct Content {
    /// What was asked for: a registration for something else is of no use.
    asked: String,
    information: ClientInformation,
}

impl Kept<'_> {
    /// Returns the registration that is kept, if it is one for this, from this issuer.
    ///
    /// Whatever cannot be read counts as nothing: then a new one is made.
    pub(crate) fn read(&self, wanted: &ClientMetadata, issuer: &str) -> Option<ClientInformation> {
        // A pipe would keep us waiting, and a device has no end.
        if !fs::metadata(self.path).ok()?.is_file() {
            return None;
        }
        let mut sealed = Vec::new();
        let file = fs::File::open(self.path).ok()?;
        file.take(LONGEST).read_to_end(&mut sealed).ok()?;
        let opened = self.ring.open(Purpose::Registration, &[self.id], sealed)?;
        let content: Content = serde_json::from_slice(&opened).ok()?;
        let same = content.asked == asked(wanted) && content.information.issuer() == issuer;
        same.then_some(content.information)
    }

    /// Keeps a registration; that it cannot is told and no more, for the login goes on without.
    pub(crate) fn write(&self, wanted: &ClientMetadata, information: &ClientInformation) {
        let content = Content {
            asked: asked(wanted),
            information: information.clone(),
        };
        let written = serde_json::to_vec(&content)
            .map_err(io::Error::from)
            .map(|text| self.ring.seal(Purpose::Registration, &[self.id], &text))
            .and_then(|sealed| replace(self.path, &sealed));
        if let Err(error) = written {
            tracing::warn!(
                target: "codegrant", event = "registration.not_kept", provider = self.id,
                file = %self.path.display(), detail = %error,
                "the next start will register anew"
            );
        }
    }
}

fn asked(wanted: &ClientMetadata) -> String {
    let members = serde_json::to_vec(wanted.members()).unwrap_or_default();
    seal::hash(&members)
}

/// Writes a file whole or not at all, for its owner's eyes only.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}", seal::correlation_id()));
    let beside: PathBuf = path.with_file_name(beside);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(all(test, unix))]
mod tests {
    use codegrant_core::Client;
    use codegrant_core::provider::Provider;

    use super::*;

    #[test]
    fn what_is_no_file_counts_as_nothing() {
        let ring = KeyRing::new(&[[7; 32]], "https://app.example/auth");
        let client = Client::new(Provider::openid("op", "OP", "https://op.example"), "", "");
        for path in ["/dev/zero", "/dev", "/dev/null/none"] {
            let (path, id) = (Path::new(path), "op");
            let kept = Kept {
                path,
                ring: &ring,
                id,
            };
            let read = kept.read(&ClientMetadata::of(&client), "https://op.example");
            assert!(read.is_none(), "{}", path.display());
        }
    }
}
