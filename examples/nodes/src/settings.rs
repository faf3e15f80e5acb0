//! What a node reads from its environment.

use std::io::Write as _;
use std::net::SocketAddr;

/// Where sessions are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the store.
    Store,
    /// In sealed cookies; the store has what all nodes must know of them.
    Cookie,
}

/// What differs from one place to another.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) listen: SocketAddr,
    /// Where browsers reach the app: the balancer.
    pub(crate) origin: String,
    pub(crate) store: String,
    pub(crate) kind: Kind,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// What the provider's log calls this node.
    pub(crate) name: String,
    pub(crate) until_input_ends: bool,
}

impl Settings {
    /// Reads variables.
    ///
    /// # Errors
    ///
    /// What is missing or makes no sense.
    pub(crate) fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let needed = |name: &str| variable(name).ok_or(format!("{name} is not set"));
        let listen = variable("NODES_LISTEN").unwrap_or("127.0.0.1:3001".to_owned());
        let listen = listen
            .parse()
            .map_err(|_| format!("NODES_LISTEN {listen}: no address and port"))?;
        let kind = match variable("NODES_KIND").as_deref() {
            None | Some("store") => Kind::Store,
            Some("cookie") => Kind::Cookie,
            Some(other) => return Err(format!("NODES_KIND {other}: neither store nor cookie")),
        };
        Ok(Self {
            listen,
            origin: variable("NODES_ORIGIN").unwrap_or("http://localhost:3000".to_owned()),
            store: needed("NODES_STORE")?,
            kind,
            issuer: needed("NODES_ISSUER")?,
            client_id: needed("NODES_CLIENT_ID")?,
            client_secret: needed("NODES_CLIENT_SECRET")?,
            name: variable("NODES_NAME").unwrap_or_default(),
            until_input_ends: variable("NODES_UNTIL_INPUT_ENDS").is_some(),
        })
    }
}

/// Writes to standard output: whoever started this waits for the line.
///
/// # Errors
///
/// What the operating system says.
pub(crate) fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: &str) -> Result<Settings, String> {
        Settings::from(|name| match name {
            "NODES_STORE" => Some("redis://localhost".to_owned()),
            "NODES_KIND" => Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            "NODES_ISSUER" | "NODES_CLIENT_ID" | "NODES_CLIENT_SECRET" => Some("x".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn sessions_are_in_the_store_unless_they_are_to_be_in_cookies() {
        assert_eq!(read("").map(|settings| settings.kind), Ok(Kind::Store));
        assert_eq!(
            read("cookie").map(|settings| settings.kind),
            Ok(Kind::Cookie)
        );
        let mistake = read("cloud").map(|settings| settings.kind);
        assert_eq!(
            mistake,
            Err("NODES_KIND cloud: neither store nor cookie".to_owned())
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let mistake = Settings::from(|_| None).map(|settings| settings.kind);
        assert_eq!(mistake, Err("NODES_STORE is not set".to_owned()));
    }
}
