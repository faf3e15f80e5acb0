//! Step-up authentication (RFC 9470): an API wants the user to have signed in by stronger means, or lately.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::challenge::Challenge;
use crate::http::HttpResponse;
use crate::id_token::{CLOCK_SKEW_SECONDS, moment};
use crate::identity::Identity;
use crate::time::Timestamp;

/// The most authentication contexts that one challenge may name, and the longest, in bytes.
const CONTEXTS: usize = 16;
const LONGEST: usize = 256;

/// A sign-in that was proved as recently as this, in seconds, counts as old as it was then: the way back to the
/// page takes time, too, and nobody is sent round in circles for it.
const JUST_PROVED_SECONDS: i64 = 30;

/// What the user's sign-in at the provider has to be: by certain means, lately, or both.
///
/// An API says it with status 401 (RFC 9470 section 3), or the app wants it of its own accord.
///
/// ```
/// use codegrant_core::{StepUp, http::HttpResponse};
/// let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="phr", max_age="300""#;
/// let refused = HttpResponse::new(401).with_header("www-authenticate", challenge);
/// let step_up = StepUp::of(&refused).ok_or("no such challenge")?;
/// assert_eq!(step_up, StepUp::new().acr_values(["phr"]).max_age(300));
/// assert_eq!(StepUp::of(&HttpResponse::new(401)), None);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[must_use]
pub struct StepUp {
    #[serde(rename = "a", default, skip_serializing_if = "Vec::is_empty")]
    acr_values: Vec<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    max_age: Option<u32>,
}

impl StepUp {
    /// Asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for one of these authentication contexts.
    pub fn acr_values<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.acr_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for a sign-in no older than this, in seconds.
    pub fn max_age(mut self, seconds: u32) -> Self {
        self.max_age = Some(seconds);
        self
    }

    /// Reads what an API asks for; `None` where it asks for no other sign-in, or not in a way that makes
    /// sense.
    ///
    /// The scheme may be `Bearer` or `DPoP` in any case. A challenge with a context or an age that cannot be
    /// meant, and one that asks for neither, counts as none: a login would not help.
    pub fn of(response: &HttpResponse) -> Option<Self> {
        let challenges = Challenge::all(response);
        let mut asking = challenges.iter().filter(|challenge| {
            (challenge.is("Bearer") || challenge.is("DPoP"))
                && challenge.parameter("error") == Some("insufficient_user_authentication")
        });
        asking.find_map(read)
    }

    /// Returns which authentication contexts would do; any, if none is named.
    pub fn contexts(&self) -> &[String] {
        &self.acr_values
    }

    /// Returns how old the sign-in may be, in seconds.
    pub fn age(&self) -> Option<u32> {
        self.max_age
    }

    /// Tells whether somebody's sign-in is such already, as their ID token has it.
    ///
    /// An ID token that does not say, says it in another type than OpenID Connect Core 1.0 section 2 has, or
    /// speaks of a sign-in that lies ahead, says no.
    pub fn is_met_by(&self, identity: &Identity, now: Timestamp) -> bool {
        self.is_met_within(identity, now, 0)
    }

    /// Tells whether the sign-in of a login that was proved at `proved_at` is such now.
    ///
    /// For half a minute it counts as old as it was then, so that the way from the callback to a page that
    /// asked for it does not make it too old. Without an ID token the login itself is all that is known of a
    /// sign-in, and no context is.
    pub fn is_met_by_login(
        &self,
        identity: &Identity,
        has_id_token: bool,
        proved_at: Timestamp,
        now: Timestamp,
    ) -> bool {
        let since = now.seconds_since(proved_at);
        let just_now = (-CLOCK_SKEW_SECONDS..JUST_PROVED_SECONDS).contains(&since);
        if has_id_token {
            let grace = if just_now { JUST_PROVED_SECONDS } else { 0 };
            return self.is_met_within(identity, now, grace);
        }
        let lately = |limit| just_now || (0..=i64::from(limit)).contains(&since);
        self.acr_values.is_empty() && self.max_age.is_none_or(lately)
    }

    fn is_met_within(&self, identity: &Identity, now: Timestamp, grace: i64) -> bool {
        let claims = identity.claims.id_token();
        let context = claims.get("acr").and_then(Value::as_str);
        let by_such_means = self.acr_values.is_empty()
            || context.is_some_and(|acr| self.acr_values.iter().any(|wanted| wanted == acr));
        let signed_in = moment(claims, "auth_time").ok().flatten();
        let lately = self.max_age.is_none_or(|limit| {
            let age = signed_in.map(|at| now.seconds_since(at));
            let oldest = i64::from(limit) + CLOCK_SKEW_SECONDS + grace;
            age.is_some_and(|age| (-CLOCK_SKEW_SECONDS..=oldest).contains(&age))
        });
        by_such_means && lately
    }
}

fn read(challenge: &Challenge) -> Option<StepUp> {
    let named = challenge.parameter("acr_values").unwrap_or_default();
    let acr_values: Vec<String> = named.split_ascii_whitespace().map(str::to_owned).collect();
    let sound = |value: &String| {
        value.len() <= LONGEST && value.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if acr_values.len() > CONTEXTS || !acr_values.iter().all(sound) {
        return None;
    }
    let max_age = match challenge.parameter("max_age") {
        None => None,
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => Some(text.parse().ok()?),
        Some(_) => return None,
    };
    let asks = !acr_values.is_empty() || max_age.is_some();
    asks.then_some(StepUp {
        acr_values,
        max_age,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(claims: Value) -> Identity {
        serde_json::from_value(serde_json::json!({
            "provider": "op", "issuer": "https://op.example", "subject": "ada",
            "claims": { "id_token": claims },
        }))
        .unwrap()
    }

    #[test]
    fn a_sign_in_is_as_old_as_the_id_token_says_and_no_context_is_alike() {
        let now = Timestamp::from_unix(1_000_000);
        let lately = StepUp::new().max_age(300);
        let long_ago = now.minus(5_000);
        for (auth_time, met) in [
            (serde_json::json!(1_000_000), true),
            (serde_json::json!(1_000_000 - 360), true),
            (serde_json::json!(1_000_000 - 361), false),
            (serde_json::json!(1_000_000.5), true),
            (serde_json::json!(1_000_060), true),
            (serde_json::json!(1_000_061), false),
            (serde_json::json!("1000000"), false),
            (serde_json::json!(0), false),
            (Value::Null, false),
            (serde_json::json!(true), false),
        ] {
            let said = identity(serde_json::json!({ "auth_time": auth_time }));
            assert_eq!(lately.is_met_by(&said, now), met, "{auth_time}");
            let by_login = lately.is_met_by_login(&said, true, long_ago, now);
            assert_eq!(by_login, met, "{auth_time}");
        }
        let silent = identity(serde_json::json!({}));
        assert!(
            !lately.is_met_by_login(&silent, true, now, now),
            "an ID token that does not say is no proof, however late the login"
        );
        let strong = StepUp::new().acr_values(["gold", "phr"]);
        for (acr, met) in [
            (serde_json::json!("phr"), true),
            (serde_json::json!("phrh"), false),
            (serde_json::json!("PHR"), false),
            (serde_json::json!("gold phr"), false),
            (serde_json::json!(["phr"]), false),
            (serde_json::json!(null), false),
        ] {
            let said = identity(serde_json::json!({ "acr": acr }));
            assert_eq!(strong.is_met_by(&said, now), met, "{acr}");
        }
    }

    #[test]
    fn a_sign_in_that_was_just_proved_does_not_grow_old_on_the_way_to_the_page() {
        let at = Timestamp::from_unix(1_000_000);
        let now_or_never = StepUp::new().max_age(0);
        let said = identity(serde_json::json!({ "auth_time": at.minus(60).as_unix() }));
        let met = |seconds| now_or_never.is_met_by_login(&said, true, at, at.plus(seconds));
        assert!(met(0) && met(29) && !met(30) && !met(31));
    }

    #[test]
    fn without_an_id_token_the_login_is_the_sign_in_and_no_context_is_known() {
        let at = Timestamp::from_unix(1_000_000);
        // Whatever such a provider writes into its userinfo, it is no ID token.
        let said = identity(serde_json::json!({ "auth_time": 1_000_000, "acr": "gold" }));
        let lately = StepUp::new().max_age(300);
        let met = |seconds| lately.is_met_by_login(&said, false, at, at.plus(seconds));
        assert!(met(0) && met(300) && !met(301) && !met(-61));
        let strong = StepUp::new().acr_values(["gold"]);
        assert!(!strong.is_met_by_login(&said, false, at, at));
    }

    fn of(field: &str) -> Option<StepUp> {
        StepUp::of(&HttpResponse::new(401).with_header("www-authenticate", field))
    }

    fn asked(parameters: &str) -> Option<StepUp> {
        let error = r#"error="insufficient_user_authentication""#;
        of(&format!("Bearer {error}, {parameters}"))
    }

    #[test]
    fn a_challenge_is_found_among_others_whatever_its_scheme_is_written_like() {
        let wanted = Some(StepUp::new().acr_values(["a", "b"]));
        let error = r#"error="insufficient_user_authentication", acr_values="a  b""#;
        for scheme in ["Bearer", "bearer", "DPoP", "dPoP"] {
            assert_eq!(
                of(&format!("Basic realm=x, {scheme} realm=y, {error}")),
                wanted
            );
        }
        assert_eq!(of(&format!("Basic {error}")), None);
        assert_eq!(of(r#"Bearer error="invalid_token", acr_values="a""#), None);
        assert_eq!(of(r#"Bearer acr_values="a""#), None);
        let forbidden =
            HttpResponse::new(403).with_header("www-authenticate", format!("Bearer {error}"));
        assert_eq!(StepUp::of(&forbidden), None);
    }

    #[test]
    fn what_cannot_be_meant_counts_as_no_challenge() {
        assert_eq!(asked(r#"max_age=0"#), Some(StepUp::new().max_age(0)));
        assert_eq!(
            asked(r#"max_age="4294967295""#),
            Some(StepUp::new().max_age(u32::MAX))
        );
        let many = format!(r#"acr_values="{}""#, "a ".repeat(CONTEXTS + 1));
        let long = format!(r#"acr_values="{}""#, "a".repeat(LONGEST + 1));
        for parameters in [
            "realm=x",
            r#"acr_values="""#,
            r#"acr_values="  ""#,
            r#"max_age="""#,
            r#"max_age="-1""#,
            r#"max_age="+1""#,
            r#"max_age="4294967296""#,
            r#"max_age="1.5""#,
            r#"acr_values="a", max_age="soon""#,
            r#"acr_values="a", acr_values="b""#,
            &many,
            &long,
        ] {
            assert_eq!(asked(parameters), None, "{parameters}");
        }
    }
}
