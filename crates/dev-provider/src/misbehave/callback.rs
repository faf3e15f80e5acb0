//! Faults in the authorization response.

use std::collections::BTreeSet;

use super::STRANGER;
use crate::fault::Fault;

type Fields = Vec<(&'static str, String)>;

/// Alters the parameters on their way back to the client.
pub(crate) fn alter_callback(faults: &BTreeSet<Fault>, fields: &mut Fields) {
    let has = |fault| faults.contains(&fault);
    if has(Fault::CallbackWrongState) {
        set(fields, "state", "another-state");
    }
    if has(Fault::CallbackNoState) {
        remove(fields, "state");
    }
    if has(Fault::CallbackDuplicateState) {
        fields.push(("state", "another-state".to_owned()));
    }
    if has(Fault::CallbackWrongIss) {
        set(fields, "iss", STRANGER);
    }
    if has(Fault::CallbackNoIss) {
        remove(fields, "iss");
    }
    if has(Fault::CallbackDuplicateCode) {
        fields.push(("code", "another-code".to_owned()));
    }
    if has(Fault::CallbackCodeAndError) {
        fields.push(("error", "access_denied".to_owned()));
    }
    if has(Fault::CallbackEmptyCode) {
        set(fields, "code", "");
    }
    if has(Fault::CallbackHugeCode) {
        set(fields, "code", &"c".repeat(10_000));
    }
    if has(Fault::CallbackNoCode) {
        remove(fields, "code");
    }
    if has(Fault::CallbackTokens) {
        remove(fields, "code");
        fields.push(("access_token", "front-channel".to_owned()));
        fields.push(("token_type", "Bearer".to_owned()));
        fields.push(("id_token", "e30.e30.".to_owned()));
    }
    if has(Fault::CallbackJwt) {
        remove(fields, "code");
        fields.push(("response", "e30.e30.".to_owned()));
    }
    if has(Fault::CallbackAccessDenied) {
        replace_code(fields, "access_denied", "the user did not allow it");
    }
    if has(Fault::CallbackLoginRequired) {
        replace_code(fields, "login_required", "nobody is signed in");
    }
    if has(Fault::CallbackInteractionRequired) {
        replace_code(fields, "interaction_required", "somebody has to be asked");
    }
    if has(Fault::CallbackServerError) {
        replace_code(fields, "server_error", "something broke");
    }
}

/// Alters the state on the way back from a log-out.
pub(crate) fn alter_log_out_state(faults: &BTreeSet<Fault>, state: Option<&str>) -> Option<String> {
    if faults.contains(&Fault::LogOutNoState) {
        return None;
    }
    let state = state?;
    Some(if faults.contains(&Fault::LogOutWrongState) {
        format!("{state}_INVALID")
    } else {
        state.to_owned()
    })
}

fn set(fields: &mut Fields, name: &str, value: &str) {
    for (_, held) in fields.iter_mut().filter(|(held, _)| *held == name) {
        value.clone_into(held);
    }
}

fn remove(fields: &mut Fields, name: &str) {
    fields.retain(|(held, _)| *held != name);
}

fn replace_code(fields: &mut Fields, error: &str, description: &str) {
    for name in ["code", "error", "error_description"] {
        remove(fields, name);
    }
    fields.push(("error", error.to_owned()));
    fields.push(("error_description", description.to_owned()));
}
