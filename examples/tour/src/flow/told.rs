//! What is said about each of the five steps, whatever happened in it.

/// The headings.
pub(super) const TITLES: [&str; 5] = [
    "Somebody unknown opens the app",
    "They choose where to log in",
    "The browser is sent to the provider",
    "The browser comes back with a code",
    "The app turns the code into a login",
];

/// The headings in a word or two.
pub(super) const SHORT: [&str; 5] = [
    "Open the app",
    "Choose",
    "Go there",
    "Come back",
    "Exchange",
];

/// Who talks to whom.
pub(super) const BETWEEN: [&str; 5] = [
    "browser → app",
    "browser → app → provider",
    "browser → provider",
    "browser → app",
    "app → provider",
];

/// Errors of the callback itself, found before anything is sent to the provider.
pub(super) fn is_of_callback(code: &str) -> bool {
    code.starts_with("callback.") || code.starts_with("request.")
}

/// Says in one sentence what a step checks.
pub(super) const fn checked(index: usize, id_token: bool) -> &'static str {
    match (index, id_token) {
        (0, _) => {
            "The browser had no session cookie that this app sealed, so the page was made for nobody in \
             particular."
        }
        (1, _) => {
            "A person opened the link, not a frame, a script or a prefetch; the page to come back to is a path \
             of this app; and the provider's metadata names exactly the issuer that is configured."
        }
        (2, _) => {
            "The state, the nonce and the PKCE verifier are new and random, and wait in a sealed cookie of this \
             browser; at the provider the user proves who they are and decides about the scopes."
        }
        (3, _) => {
            "The state belongs to a login that this very browser began at most ten minutes ago and that was \
             never used, and iss names the provider that was asked; only then is the code touched."
        }
        (_, true) => {
            "The ID token is signed by a key that the provider publishes, and its issuer, audience, times, \
             nonce and at_hash are right; whatever userinfo adds is about the same account."
        }
        (_, false) => {
            "There is no ID token in plain OAuth 2.0: the account counts because it was fetched from the \
             configured address with a token that came for our own code, verifier and secret."
        }
    }
}
