//! The written form of a session: what is sealed into its cookie, or kept as its record.
//!
//! CBOR (RFC 8949): a map from small numbers to values. What is missing has its default, and a number that a newer
//! node wrote is passed over by an older one, so that nobody is logged out where nodes of two versions run side by
//! side. So no number is ever given to another field.

use codegrant_core::oauth2::{AccessToken, RefreshToken};
use codegrant_core::{
    Claims, Email, IdTokenRecord, Identity, Timestamp, TransactionId, VerifiedEmail,
};
use minicbor::{Decode, Encode};

use super::record::SessionData;

/// How many bytes a session takes as a rule; more are made room for as they come.
const USUAL: usize = 768;

/// All of it, borrowed from the session or from the bytes.
///
/// The numbers below 24 take one byte, the others two.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Written<'a> {
    #[n(0)]
    provider: &'a str,
    #[n(1)]
    issuer: &'a str,
    #[n(2)]
    subject: &'a str,
    #[n(3)]
    name: Option<&'a str>,
    #[n(4)]
    username: Option<&'a str>,
    #[n(5)]
    verified_email: Option<&'a str>,
    #[n(6)]
    claimed_email: Option<&'a str>,
    #[n(7)]
    picture: Option<&'a str>,
    /// The claims stay JSON: they are read when somebody asks.
    #[n(8)]
    id_token_claims: Option<&'a str>,
    #[n(9)]
    userinfo_claims: Option<&'a str>,
    #[n(10)]
    access_token: &'a str,
    #[n(11)]
    access_token_expires_at: Option<i64>,
    #[n(12)]
    refresh_token: Option<&'a str>,
    #[cbor(n(13), skip_if = "Vec::is_empty")]
    scopes: Vec<&'a str>,
    #[n(14)]
    started_at: i64,
    #[n(15)]
    ends_at: i64,
    #[cbor(n(16), with = "minicbor::bytes")]
    transaction: [u8; 16],
    #[n(17)]
    return_to: &'a str,
    #[n(18)]
    account: Option<&'a str>,
    #[cbor(n(19), skip_if = "Vec::is_empty")]
    roles: Vec<&'a str>,
    #[n(20)]
    id_token_issued_at: Option<i64>,
    #[cbor(n(21), with = "minicbor::bytes")]
    id_token_nonce: Option<[u8; 16]>,
    #[n(22)]
    device: Option<&'a str>,
    #[n(23)]
    last_seen: Option<i64>,
    #[n(24)]
    session_id: Option<&'a str>,
    #[n(25)]
    issued_at: Option<i64>,
    #[n(26)]
    session_state: Option<&'a str>,
    #[n(27)]
    id_token_hint: Option<&'a str>,
    #[cbor(n(28), skip_if = "is_default")]
    refreshes: u32,
    #[n(29)]
    renewed_at: Option<i64>,
    #[cbor(n(30), skip_if = "is_default")]
    keeps_refresh_token: bool,
    /// JSON, as the provider said it.
    #[n(31)]
    authorization_details: Option<&'a str>,
    /// JSON, as the key writes itself.
    #[n(32)]
    dpop_key: Option<&'a str>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Writes a session.
pub(super) fn write(data: &SessionData) -> Vec<u8> {
    let identity = &data.identity;
    let (verified_email, claimed_email) = match &identity.email {
        Email::Verified(email) => (Some(email.as_str()), None),
        Email::Claimed(email) => (None, Some(email.as_str())),
        Email::Absent => (None, None),
    };
    let (id_token_claims, userinfo_claims) = identity.claims.as_json();
    let record = data.id_token.map(|record| record.to_parts());
    let details = Some(&data.authorization_details).filter(|details| !details.is_empty());
    let details = details.map(json);
    let dpop_key = data.dpop_key.as_ref().map(json);
    let written = Written {
        provider: &identity.provider,
        issuer: &identity.issuer,
        subject: &identity.subject,
        name: identity.name.as_deref(),
        username: identity.username.as_deref(),
        verified_email,
        claimed_email,
        picture: identity.picture.as_deref(),
        id_token_claims: Some(id_token_claims).filter(|text| !text.is_empty()),
        userinfo_claims: Some(userinfo_claims).filter(|text| !text.is_empty()),
        access_token: data.access_token.secret(),
        access_token_expires_at: data.access_token_expires_at.map(Timestamp::as_unix),
        refresh_token: data
            .refresh_token
            .as_ref()
            .map(|token| token.secret().as_str()),
        scopes: data.scopes.iter().map(String::as_str).collect(),
        started_at: data.started_at.as_unix(),
        ends_at: data.ends_at.as_unix(),
        transaction: data.transaction.to_bytes(),
        return_to: &data.return_to,
        account: data.account.as_deref(),
        roles: data.roles.iter().map(String::as_str).collect(),
        id_token_issued_at: record.map(|(issued_at, _)| issued_at.as_unix()),
        id_token_nonce: record.and_then(|(_, nonce)| nonce),
        device: data.device.as_deref(),
        last_seen: data.last_seen.map(Timestamp::as_unix),
        session_id: data.session_id.as_deref(),
        issued_at: data.issued_at.map(Timestamp::as_unix),
        session_state: data.session_state.as_deref(),
        id_token_hint: data.id_token_hint.as_deref(),
        refreshes: data.refreshes,
        renewed_at: data.renewed_at.map(Timestamp::as_unix),
        keeps_refresh_token: data.keeps_refresh_token,
        authorization_details: details.as_deref(),
        dpop_key: dpop_key.as_deref(),
    };
    written_as_cbor(&written)
}

/// Reads what [`write`] wrote, in this version or another; `None` for anything else.
pub(super) fn read(bytes: &[u8]) -> Option<SessionData> {
    let written: Written<'_> = minicbor::decode(bytes).ok()?;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let all = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    let moment = |at: Option<i64>| at.map(Timestamp::from_unix);
    let mut identity = Identity::new(written.provider, written.issuer, written.subject);
    identity.name = owned(written.name);
    identity.username = owned(written.username);
    identity.picture = owned(written.picture);
    identity.email = match (written.verified_email, written.claimed_email) {
        (Some(email), _) => Email::Verified(VerifiedEmail::try_from(email.to_owned()).ok()?),
        (None, Some(email)) => Email::Claimed(email.to_owned()),
        (None, None) => Email::Absent,
    };
    identity.claims = Claims::from_json(
        written.id_token_claims.unwrap_or_default(),
        written.userinfo_claims.unwrap_or_default(),
    )?;
    let nonce = written.id_token_nonce;
    let record = |at| IdTokenRecord::from_parts(Timestamp::from_unix(at), nonce);
    Some(SessionData {
        identity,
        access_token: AccessToken::new(written.access_token.to_owned()),
        access_token_expires_at: moment(written.access_token_expires_at),
        refresh_token: owned(written.refresh_token).map(RefreshToken::new),
        scopes: all(written.scopes),
        authorization_details: match written.authorization_details {
            Some(text) => serde_json::from_str(text).ok()?,
            None => Vec::new(),
        },
        id_token_hint: owned(written.id_token_hint),
        started_at: Timestamp::from_unix(written.started_at),
        ends_at: Timestamp::from_unix(written.ends_at),
        transaction: TransactionId::from_bytes(written.transaction),
        return_to: written.return_to.to_owned(),
        account: owned(written.account),
        session_id: owned(written.session_id),
        issued_at: moment(written.issued_at),
        session_state: owned(written.session_state),
        id_token: written.id_token_issued_at.map(record),
        claim_sources: Vec::new(),
        dpop_key: match written.dpop_key {
            Some(text) => Some(serde_json::from_str(text).ok()?),
            None => None,
        },
        refreshes: written.refreshes,
        renewed_at: moment(written.renewed_at),
        keeps_refresh_token: written.keeps_refresh_token,
        roles: all(written.roles),
        device: owned(written.device),
        last_seen: moment(written.last_seen),
        key: None,
    })
}

/// Writes what needs no more than memory.
pub(super) fn written_as_cbor<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL);
    minicbor::encode(value, &mut bytes).expect("memory takes every byte");
    bytes
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// Fields of the written forms around a session, for `#[cbor(with = ..)]`.
pub(super) mod session {
    use minicbor::decode::{self, Decoder};
    use minicbor::encode::{self, Encoder, Write};

    use super::super::record::SessionData;

    pub(in super::super) fn encode<C, W: Write>(
        data: &SessionData,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.bytes(&super::write(data))?.ok()
    }

    pub(in super::super) fn decode<C>(
        decoder: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<SessionData, decode::Error> {
        let read = super::read(decoder.bytes()?);
        read.ok_or_else(|| decode::Error::message("no session"))
    }
}

pub(super) mod transaction {
    use codegrant_core::TransactionId;
    use minicbor::decode::{self, Decoder};
    use minicbor::encode::{self, Encoder, Write};

    pub(in super::super) fn encode<C, W: Write>(
        transaction: &TransactionId,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.bytes(&transaction.to_bytes())?.ok()
    }

    pub(in super::super) fn decode<C>(
        decoder: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<TransactionId, decode::Error> {
        let bytes = decoder.bytes()?.try_into();
        let bytes = bytes.map_err(|_| decode::Error::message("not 16 bytes"))?;
        Ok(TransactionId::from_bytes(bytes))
    }
}

pub(super) mod moment {
    use codegrant_core::Timestamp;
    use minicbor::decode::{self, Decoder};
    use minicbor::encode::{self, Encoder, Write};

    pub(in super::super) fn encode<C, W: Write>(
        at: &Timestamp,
        encoder: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        encoder.i64(at.as_unix())?.ok()
    }

    pub(in super::super) fn decode<C>(
        decoder: &mut Decoder<'_>,
        _: &mut C,
    ) -> Result<Timestamp, decode::Error> {
        decoder.i64().map(Timestamp::from_unix)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use minicbor::Decoder;
    use minicbor::data::Type;
    use serde_json::json;

    use super::*;

    /// A session of which nothing is known that need not be.
    pub(in super::super) fn shortest() -> SessionData {
        SessionData {
            identity: Identity::new("provider", "issuer", "subject"),
            access_token: AccessToken::new("access_token".to_owned()),
            access_token_expires_at: None,
            refresh_token: None,
            scopes: Vec::new(),
            authorization_details: Vec::new(),
            id_token_hint: None,
            started_at: Timestamp::from_unix(14),
            ends_at: Timestamp::from_unix(15),
            transaction: TransactionId::from_bytes([16; 16]),
            return_to: "return_to".to_owned(),
            account: None,
            session_id: None,
            issued_at: None,
            session_state: None,
            id_token: None,
            claim_sources: Vec::new(),
            dpop_key: None,
            refreshes: 0,
            renewed_at: None,
            keeps_refresh_token: false,
            roles: Vec::new(),
            device: None,
            last_seen: None,
            key: None,
        }
    }

    /// A session of which everything is known: each text is its field's name, each number its field's.
    fn fullest() -> SessionData {
        let text = |text: &str| Some(text.to_owned());
        let moment = |at| Some(Timestamp::from_unix(at));
        let mut data = shortest();
        data.identity.name = text("name");
        data.identity.username = text("username");
        data.identity.email = Email::Claimed("claimed_email".to_owned());
        data.identity.picture = text("picture");
        data.identity.claims = Claims::from_json(r#"{"id":1}"#, r#"{"user":2}"#).unwrap();
        data.access_token_expires_at = moment(11);
        data.refresh_token = Some(RefreshToken::new("refresh_token".to_owned()));
        data.scopes = vec!["scope".to_owned(), "other".to_owned()];
        data.account = text("account");
        data.roles = vec!["role".to_owned()];
        data.id_token = Some(IdTokenRecord::from_parts(
            Timestamp::from_unix(20),
            Some([21; 16]),
        ));
        data.device = text("device");
        data.last_seen = moment(23);
        data.session_id = text("session_id");
        data.issued_at = moment(25);
        data.session_state = text("session_state");
        data.id_token_hint = text("id_token_hint");
        data.refreshes = 28;
        data.renewed_at = moment(29);
        data.keeps_refresh_token = true;
        let details = json!([{"type": "payment"}]);
        data.authorization_details = serde_json::from_value(details).unwrap();
        let key = json!("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
        data.dpop_key = Some(serde_json::from_value(key).unwrap());
        data
    }

    /// Every number of a written form, with its value in words.
    fn fields(bytes: &[u8]) -> Vec<(u8, String)> {
        let mut decoder = Decoder::new(bytes);
        let count = decoder.map().unwrap().unwrap();
        let mut fields = Vec::new();
        for _ in 0..count {
            let number = decoder.u8().unwrap();
            let value = match decoder.datatype().unwrap() {
                Type::String => decoder.str().unwrap().to_owned(),
                Type::Bytes => format!("{:?}", decoder.bytes().unwrap()),
                Type::Bool => decoder.bool().unwrap().to_string(),
                Type::Array => {
                    let texts = decoder.array_iter::<&str>().unwrap();
                    texts.map(Result::unwrap).collect::<Vec<_>>().join(" ")
                }
                _ => decoder.i64().unwrap().to_string(),
            };
            fields.push((number, value));
        }
        assert_eq!(decoder.position(), bytes.len(), "and nothing behind it");
        fields
    }

    #[test]
    fn a_number_is_never_given_to_another_field() {
        let dpop_key = "\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"";
        let (transaction, nonce) = (format!("{:?}", [16; 16]), format!("{:?}", [21; 16]));
        let expected = [
            (0, "provider"),
            (1, "issuer"),
            (2, "subject"),
            (3, "name"),
            (4, "username"),
            (6, "claimed_email"),
            (7, "picture"),
            (8, r#"{"id":1}"#),
            (9, r#"{"user":2}"#),
            (10, "access_token"),
            (11, "11"),
            (12, "refresh_token"),
            (13, "scope other"),
            (14, "14"),
            (15, "15"),
            (16, &transaction),
            (17, "return_to"),
            (18, "account"),
            (19, "role"),
            (20, "20"),
            (21, &nonce),
            (22, "device"),
            (23, "23"),
            (24, "session_id"),
            (25, "25"),
            (26, "session_state"),
            (27, "id_token_hint"),
            (28, "28"),
            (29, "29"),
            (30, "true"),
            (31, r#"[{"type":"payment"}]"#),
            (32, dpop_key),
        ];
        let expected = expected.map(|(number, value)| (number, value.to_owned()));
        assert_eq!(fields(&write(&fullest())), expected);
        let mut verified = shortest();
        let email = VerifiedEmail::try_from("ada@app.example".to_owned());
        verified.identity.email = Email::Verified(email.unwrap());
        let email = (5, "ada@app.example".to_owned());
        assert!(fields(&write(&verified)).contains(&email));
    }

    #[test]
    fn what_is_written_is_read() {
        for data in [shortest(), fullest()] {
            let again = read(&write(&data)).unwrap();
            assert_eq!(fields(&write(&again)), fields(&write(&data)));
            assert!(again.identity == data.identity);
            assert_eq!(again.id_token, data.id_token);
            assert_eq!(again.transaction, data.transaction);
        }
        let mut verified = shortest();
        let email = VerifiedEmail::try_from("ada@app.example".to_owned());
        verified.identity.email = Email::Verified(email.unwrap());
        let again = read(&write(&verified)).unwrap();
        assert_eq!(again.identity.email, verified.identity.email);
    }

    #[test]
    fn what_nobody_said_takes_no_byte() {
        let numbers = |data: &SessionData| -> Vec<u8> {
            let fields = fields(&write(data));
            fields.into_iter().map(|(number, _)| number).collect()
        };
        assert_eq!(numbers(&shortest()), [0, 1, 2, 10, 14, 15, 16, 17]);
    }

    #[test]
    fn what_a_newer_node_wrote_is_passed_over() {
        let mut bytes = write(&shortest());
        bytes[0] += 1;
        bytes.extend_from_slice(&[0x18, 99, 0x82, 0x01, 0xa1, 0x61, b'x', 0xf6]);
        let data = read(&bytes).unwrap();
        assert_eq!(fields(&write(&data)), fields(&write(&shortest())));
    }

    #[test]
    fn damaged_bytes_are_no_session_and_no_panic() {
        let bytes = write(&fullest());
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_none(), "cut at {length}");
        }
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1 << bit;
                // Some are sessions still, with another name.
                drop(read(&damaged));
            }
        }
        for json in ["{}", r#"{"i":{"provider":"op"}}"#, "null", ""] {
            assert!(read(json.as_bytes()).is_none(), "{json}");
        }
        let mut claims = shortest();
        claims.identity.claims = Claims::from_json("{}", "").unwrap();
        let mut bytes = write(&claims);
        let at = bytes.windows(2).position(|pair| pair == b"{}").unwrap();
        bytes[at] = b'[';
        assert!(read(&bytes).is_none(), "claims that are no object");
    }
}
