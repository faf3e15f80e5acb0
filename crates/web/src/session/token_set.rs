//! The tokens of a session, apart from who is logged in, and when it is time for new ones.

use codegrant_core::oauth2::{AccessToken, RefreshToken};
use codegrant_core::{IdTokenRecord, Renewed, Timestamp, TransactionId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::SessionData;

/// How long before its end a token is renewed, in seconds, or a quarter of its life if that is less: a call takes
/// its time, and so may the API's clock.
const MARGIN_SECONDS: i64 = 60;

/// By how much sessions are spread that began at the same moment, in seconds, or an eighth of a token's life if that
/// is less. It follows from the session, so that all processes agree.
const SPREAD_SECONDS: i64 = 30;

/// How much of its life a token must have left to be used while a new one is fetched, in seconds.
const SLACK_SECONDS: i64 = 5;

/// What a refresh renews.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct TokenSet {
    #[serde(rename = "a")]
    pub(crate) access_token: AccessToken,
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Timestamp>,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<RefreshToken>,
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) scopes: Vec<String>,
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) authorization_details: Vec<Map<String, Value>>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<IdTokenRecord>,
    #[serde(rename = "q")]
    pub(crate) refreshes: u32,
    #[serde(rename = "o")]
    pub(crate) obtained_at: Timestamp,
    #[serde(rename = "m", default)]
    pub(crate) keeps_refresh_token: bool,
    /// Where in the spread the session stands; known from the session alone.
    #[serde(skip)]
    spread: u16,
}

impl TokenSet {
    pub(crate) fn of(data: &SessionData) -> Self {
        Self {
            access_token: data.access_token.clone(),
            expires_at: data.access_token_expires_at,
            refresh_token: data.refresh_token.clone(),
            scopes: data.scopes.clone(),
            authorization_details: data.authorization_details.clone(),
            id_token: data.id_token,
            refreshes: data.refreshes,
            obtained_at: data.renewed_at.unwrap_or(data.started_at),
            keeps_refresh_token: data.keeps_refresh_token,
            spread: spread_of(data.transaction),
        }
    }

    /// Returns the session with these in place of its own.
    pub(crate) fn put_into(self, mut data: SessionData) -> SessionData {
        data.renewed_at = (self.refreshes > 0).then_some(self.obtained_at);
        data.access_token = self.access_token;
        data.access_token_expires_at = self.expires_at;
        data.refresh_token = self.refresh_token;
        data.scopes = self.scopes;
        data.authorization_details = self.authorization_details;
        data.id_token = self.id_token;
        data.refreshes = self.refreshes;
        data.keeps_refresh_token = self.keeps_refresh_token;
        data
    }

    /// Takes what a refresh brought; the refresh token stays when no new one came (RFC 6749 section 6).
    pub(crate) fn renewed(&self, renewed: Renewed, now: Timestamp) -> Self {
        let Renewed {
            tokens, id_token, ..
        } = renewed;
        let sent = self.refresh_token.as_ref();
        let new = tokens.refresh_token.as_ref();
        let keeps_refresh_token =
            new.is_none_or(|new| sent.is_some_and(|sent| sent.secret() == new.secret()));
        Self {
            access_token: tokens.access_token,
            expires_at: tokens.expires_at,
            refresh_token: tokens.refresh_token.or_else(|| self.refresh_token.clone()),
            scopes: tokens.scopes,
            // What is not said again stays granted, as with scopes (RFC 6749 section 6).
            authorization_details: if tokens.authorization_details.is_empty() {
                self.authorization_details.clone()
            } else {
                tokens.authorization_details
            },
            id_token,
            refreshes: self.refreshes.saturating_add(1),
            obtained_at: now,
            keeps_refresh_token,
            spread: self.spread,
        }
    }

    /// Takes what another session's refresh with the same refresh token brought.
    pub(crate) fn adopting(&self, brought: &Self) -> Self {
        Self {
            refreshes: self.refreshes.saturating_add(1),
            spread: self.spread,
            ..brought.clone()
        }
    }

    /// Drops the refresh token, for good.
    pub(crate) fn without_refresh_token(&self) -> Self {
        Self {
            refresh_token: None,
            refreshes: self.refreshes.saturating_add(1),
            ..self.clone()
        }
    }

    /// Takes the place in the spread of the session that these belong to.
    pub(crate) fn spread_as(mut self, data: &SessionData) -> Self {
        self.spread = spread_of(data.transaction);
        self
    }

    /// Tells whether it is time for new ones; never where the provider does not say when they expire.
    ///
    /// What came in this very second is as fresh as can be, however short its life is: else each request would
    /// fetch its own.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        let Some(expires_at) = self.expires_at else {
            return false;
        };
        let life = self.life(expires_at);
        let spread = i64::from(self.spread) % (SPREAD_SECONDS.min(life / 8) + 1);
        let from = expires_at.minus(margin(life) + spread);
        from <= now && self.obtained_at < now
    }

    /// Tells whether a call with it is likely to succeed still.
    pub(crate) fn is_usable(&self, now: Timestamp) -> bool {
        let Some(expires_at) = self.expires_at else {
            return true;
        };
        let slack = ((margin(self.life(expires_at)) + 1) / 2).min(SLACK_SECONDS);
        now < expires_at.minus(slack)
    }

    fn life(&self, expires_at: Timestamp) -> i64 {
        expires_at.seconds_since(self.obtained_at).max(0)
    }
}

fn margin(life: i64) -> i64 {
    MARGIN_SECONDS.min(life / 4).max(1)
}

/// The first two bytes of a hash: any number is as likely as any other.
fn spread_of(transaction: TransactionId) -> u16 {
    u16::from_str_radix(&transaction.to_hex()[..4], 16).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use codegrant_core::TransactionId;

    use super::*;

    const START: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn tokens(life: Option<i64>, state: &str) -> TokenSet {
        TokenSet {
            access_token: AccessToken::new("token".to_owned()),
            expires_at: life.map(|life| START.plus(life)),
            refresh_token: None,
            scopes: Vec::new(),
            authorization_details: Vec::new(),
            id_token: None,
            refreshes: 0,
            obtained_at: START,
            keeps_refresh_token: false,
            spread: spread_of(TransactionId::of_state(state)),
        }
    }

    /// When it turns stale, and until when it is used all the same, in seconds from its beginning.
    fn moments(life: i64, state: &str) -> (i64, i64) {
        let tokens = tokens(Some(life), state);
        let first = |is: &dyn Fn(Timestamp) -> bool| (0..).find(|at| is(START.plus(*at)));
        let stale = first(&|now| tokens.is_stale(now)).unwrap();
        (stale, first(&|now| !tokens.is_usable(now)).unwrap())
    }

    #[test]
    fn a_token_is_renewed_before_its_end_however_short_its_life_is() {
        for state in ["a", "b", "c"] {
            assert_eq!(
                moments(0, state),
                (1, 0),
                "not in the second in which it came"
            );
            assert_eq!(moments(1, state), (1, 0));
            assert_eq!(moments(5, state), (4, 4));
            assert_eq!(moments(7, state), (6, 6));
            let (stale, unusable) = moments(60, state);
            assert!((38..=45).contains(&stale), "{stale}");
            assert_eq!(unusable, 55);
            let (stale, unusable) = moments(3600, state);
            assert!((3510..=3540).contains(&stale), "{stale}");
            assert_eq!(unusable, 3595);
        }
    }

    #[test]
    fn sessions_that_began_together_are_renewed_one_after_the_other() {
        let at = |number: i32| moments(3600, &format!("state {number}")).0;
        let mut moments: Vec<i64> = (0..200).map(at).collect();
        assert_eq!(
            moments,
            (0..200).map(at).collect::<Vec<_>>(),
            "always at the same moment"
        );
        moments.sort_unstable();
        moments.dedup();
        assert!(moments.len() > 25, "spread over {} seconds", moments.len());
    }

    #[test]
    fn a_token_of_whose_end_nobody_speaks_is_fresh() {
        let tokens = tokens(None, "a");
        assert!(!tokens.is_stale(START.plus(i64::MAX)) && tokens.is_usable(START.plus(i64::MAX)));
    }

    #[test]
    fn a_life_that_ended_before_it_began_overflows_nothing() {
        for life in [i64::MIN, -1, i64::MAX] {
            let tokens = tokens(Some(life), "a");
            assert_eq!(tokens.is_stale(START.plus(10)), life < 0);
        }
    }
}
