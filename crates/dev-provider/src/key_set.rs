//! How the published key set looks (RFC 7517 section 5): plain, or in a way that a client has to cope with.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::feature::Feature;

/// What stands in the set beside the keys that sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeySetStyle {
    /// Nothing, and each key has its `kid` and `alg`.
    Plain,
    /// Two RSA keys, two on P-256, one on secp256k1, one on Ed25519 and keys to encrypt to, all without `alg`.
    Mixed,
    /// Nobody has a `kid`; one key of each kind.
    OneWithoutId,
    /// Nobody has a `kid`; three keys of the kind that signs.
    SeveralWithoutIds,
}

impl KeySetStyle {
    pub(crate) fn of(features: &BTreeSet<Feature>) -> Self {
        if features.contains(&Feature::KeysWithoutIds) {
            Self::SeveralWithoutIds
        } else if features.contains(&Feature::KeyWithoutId) {
            Self::OneWithoutId
        } else if features.contains(&Feature::MixedKeys) {
            Self::Mixed
        } else {
            Self::Plain
        }
    }
}

/// Makes a set of the keys that sign, the one in use first.
pub(crate) fn key_set(mut keys: Vec<Value>, style: KeySetStyle) -> Value {
    match style {
        KeySetStyle::Plain => {}
        KeySetStyle::Mixed => {
            for (kind, strangers, wanted) in [
                ("RSA", rsa(), 2),
                ("P-256", p256(), 2),
                ("secp256k1", secp256k1(), 1),
                ("Ed25519", ed25519(), 1),
            ] {
                let held = keys.iter().filter(|key| kind_of(key) == kind).count();
                let missing = wanted - held.min(wanted);
                keys.extend(strangers.into_iter().take(missing));
            }
            keys.extend(for_encryption());
            without(&mut keys, &["alg"]);
        }
        KeySetStyle::OneWithoutId => {
            let present: Vec<String> = keys.iter().map(|key| kind_of(key).to_owned()).collect();
            for strangers in [rsa(), p256(), ed25519()] {
                let new = |key: &Value| !present.iter().any(|kind| kind == kind_of(key));
                keys.extend(strangers.into_iter().find(new));
            }
            without(&mut keys, &["kid", "alg"]);
        }
        KeySetStyle::SeveralWithoutIds => {
            // In front, so that whoever tries the first key alone fails.
            let kind = keys.first().map(|key| kind_of(key).to_owned());
            for strangers in [rsa(), p256(), ed25519()] {
                let same = |key: &&Value| kind.as_deref() == Some(kind_of(key));
                let more: Vec<Value> = strangers.iter().filter(same).take(2).cloned().collect();
                keys.splice(0..0, more);
            }
            without(&mut keys, &["kid", "alg"]);
        }
    }
    json!({ "keys": keys })
}

fn without(keys: &mut [Value], members: &[&str]) {
    for key in keys.iter_mut().filter_map(Value::as_object_mut) {
        for member in members {
            key.remove(*member);
        }
    }
}

/// Names what a key is good for: its curve, or RSA.
fn kind_of(key: &Value) -> &str {
    let curve = key.get("crv").or_else(|| key.get("kty"));
    curve.and_then(Value::as_str).unwrap_or_default()
}

/// Public keys whose private halves nobody has kept.
fn rsa() -> Vec<Value> {
    vec![
        rsa_key("stranger-rsa-1", "sig", MODULUS_1),
        rsa_key("stranger-rsa-2", "sig", MODULUS_2),
    ]
}

fn rsa_key(key_id: &str, usage: &str, modulus: &str) -> Value {
    json!({ "kty": "RSA", "use": usage, "kid": key_id, "n": modulus, "e": "AQAB" })
}

fn p256() -> Vec<Value> {
    vec![
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": "stranger-p256-1",
            "x": "SX2vRDkrywdzLzNpnFlJK5_Eu2nPg_13J1zCYAkoyVM",
            "y": "eCxW6AWAPxz7nSJFbLfYzSHeReNomRnpX3KsZS43z3s",
        }),
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": "stranger-p256-2",
            "x": "rz1UKtGcDJTjBJwtkB_PnDQKcHznOP3mFUl-7cVT_g8",
            "y": "YcJx4l0XaU8cNyEqWQg90ropX1858NPWUJEk_28cDbY",
        }),
    ]
}

fn secp256k1() -> Vec<Value> {
    vec![json!({
        "kty": "EC", "crv": "secp256k1", "use": "sig", "kid": "stranger-secp256k1",
        "x": "wdR1JRnsnMSzazpji_vby0c7hc8Zsz4lli4pUrm8G_g",
        "y": "Is_Bb-m60A0VIUSH65nNfWrUvAS3jM_yspPUL-vpPFI",
    })]
}

fn ed25519() -> Vec<Value> {
    vec![
        json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "stranger-ed25519-1",
            "x": "wEDAuKkMHntC-Ix1qyLZzs3NWsFDZ0MfYpHD39nDUVE",
        }),
        json!({
            "kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "stranger-ed25519-2",
            "x": "GSn2ZkkGGYBkOdfJ6Vy6NJZKqVMmcJ-Y8FLt-eEXup4",
        }),
    ]
}

fn for_encryption() -> Vec<Value> {
    vec![
        rsa_key("stranger-rsa-enc", "enc", MODULUS_3),
        json!({
            "kty": "EC", "crv": "P-256", "use": "enc", "kid": "stranger-p256-enc",
            "x": "aN9js1qc2MjyCSZDsQu8qPbn7LG1X7w5R4dAMiQCPN4",
            "y": "tN41lzcUDDObatZsKo9i2NuzmpBbPxDMFbJIr5CE_Js",
        }),
    ]
}

const MODULUS_1: &str = concat!(
    "xFckMuIZMF_Uyi27uzyR0zFU_qtFk6Wxec1WofQ2rsko1IP3DnUDu5rG2q39aRm64T831NM92V3X-lcw-Rxop4V7bu4xmfXUD77ZXR9uBk-a",
    "LorUJX2vlgQ6mn-BcPiFQmj3hh5QOkkOQe0gpwT5yVNZ33IkISq5PfywNuPBvis76WYk98SoM1EIplZbWSIVgqdWk4Xi6_uZ9z7Gc843emru",
    "m9Ty6b-b8Z_-Ull3ozzn_H1Z4nE6eXQO80zWsm9o-_Cku0E4UjjQdU29L6TIAK7hv016m5sa27ciMhhULPWxqrIsG5TX3ztH2wFGnGUlfEeT",
    "b1Fy7MOpk4RIf68lLQ",
);

const MODULUS_2: &str = concat!(
    "xeKRsjbdSF3u7PnmWGT8gYV34-VBGkxDz2WW7eUB7c-zUXJDsyT_FlCXm4K4ECWDcEDZVqTh_gTDzXf9gReTlXQWw6cJZo1f8RdyMs-0ykh1",
    "QNusPnSC0j-n-RAkHAD1PwuthwsDL32yn1FRR4hgNw4XZrcO75j6msegW-STOQUSErt0FkR0bdAJSe1sKVmrqmEH4_6hDcQhynrbq0uOg-eq",
    "9YYhqnfpMs-oJef3LNCvu56yXRgqj4YiKl9_xwqwJTuWir7xj4bO-yWs77LpAtrBvHaJCyYuVTrOzInlcXklJXK8cwbFuHDbuzXmFlnotiyD",
    "MLjqGdmcqM77FLS_6Q",
);

const MODULUS_3: &str = concat!(
    "5DSOU0-esq-ZZIHGHLce-JCSdmjeu3E7VLzHNJrM5gTcmsMDagFzwMY6Gtd2I7W2HxLteBYjBVGos_rF7jVEO5kGUXwIYrkkmorNDFnYRJLG",
    "EVaUQci3PDQGbia0S6KPLMdMZbDSVYNVrXl0L2IJR8ohsJ7bOfcYZNwY5ehg_5MEC3dFb38cJISzLn0zAxQG8qjwa4wG8RJ7RYfn4sDDJBmS",
    "gm6kTBP2L0tlRBl3nC1i6UQnbjLSNhy-WLpD1d8BnPcUYg1PKjXiB9L0UghnIDRw4oGUTPABpcWJbLgTKkIDpsPN87t3BqVuaCwAs0qm86Dt",
    "ArPNGa0O7C905CCjBQ",
);
