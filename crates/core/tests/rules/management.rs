//! RFC 7592: reading, changing and ending a registration, under a token of its own.

use codegrant_core::ClientMetadata;
use codegrant_core::http::{HttpResponse, Method};
use codegrant_testkit::world::drive;
use serde_json::{Value, json};

use crate::registration::{NOW, answer, body, client, given, metadata, sent};

#[test]
fn a_registration_is_read_changed_and_ended_under_its_own_token() {
    let information = given(&answer()).unwrap();
    let client = client().with_information(&information);
    let metadata = metadata(&client);
    let wanted = ClientMetadata::of(&client);
    let read = sent(
        information
            .read_again(&client, &metadata, &wanted, NOW)
            .unwrap(),
    );
    let update = sent(
        information
            .update(&client, &metadata, &wanted, NOW)
            .unwrap(),
    );
    let delete = sent(information.delete(&client).unwrap());
    for (request, method) in [
        (&read, Method::Get),
        (&update, Method::Put),
        (&delete, Method::Delete),
    ] {
        assert_eq!(request.method, method);
        assert_eq!(request.url, "https://op.example/register/s6BhdRkqt3");
        assert_eq!(
            request.header("authorization"),
            Some("Bearer this.is.an.access.token")
        );
    }
    assert!(read.body.is_empty() && delete.body.is_empty());
    let said = body(&update);
    assert_eq!(said["client_id"], "s6BhdRkqt3 :%+");
    assert!(said["client_secret"].as_str().unwrap().starts_with("cf136"));
    // RFC 7592 section 2.2: these are not sent.
    for member in [
        "registration_access_token",
        "registration_client_uri",
        "client_secret_expires_at",
    ] {
        assert!(said.get(member).is_none(), "{member}");
    }
}

#[test]
fn an_update_takes_what_is_new_and_keeps_what_is_not_said() {
    let information = given(&answer()).unwrap();
    let client = client().with_information(&information);
    let updated = |answer: Value| {
        let step = information
            .update(
                &client,
                &metadata(&client),
                &ClientMetadata::of(&client),
                NOW,
            )
            .unwrap();
        drive(step, |_| HttpResponse::json(&answer))
    };
    let rotated = updated(json!({
        "client_id": "s6BhdRkqt3 :%+", "client_secret": "new", "registration_access_token": "next",
    }));
    let request = sent(rotated.unwrap().delete(&client).unwrap());
    assert_eq!(request.header("authorization"), Some("Bearer next"));
    assert_eq!(request.url, "https://op.example/register/s6BhdRkqt3");
    let same = updated(json!({"client_id": "s6BhdRkqt3 :%+"})).unwrap();
    assert!(client.clone().with_information(&same).validate().is_ok());
    let other = updated(json!({"client_id": "somebody-else"})).unwrap_err();
    assert_eq!(other.code().name, "registration.changed");
    let weaker =
        updated(json!({"client_id": "s6BhdRkqt3 :%+", "token_endpoint_auth_method": "none"}));
    assert_eq!(weaker.unwrap_err().code().name, "registration.changed");
}

#[test]
fn a_registration_ends_with_status_204_alone() {
    let information = given(&answer()).unwrap();
    let deleted = |response: HttpResponse| {
        drive(information.delete(&client()).unwrap(), |_| response.clone())
            .map_err(|error| error.code().name)
    };
    assert_eq!(deleted(HttpResponse::new(204)), Ok(()));
    assert_eq!(deleted(HttpResponse::new(200)), Err("provider.status"));
    assert_eq!(deleted(HttpResponse::new(302)), Err("provider.redirect"));
    let gone = HttpResponse::json(&json!({"error": "invalid_token"})).with_status(401);
    assert_eq!(deleted(gone), Err("registration.refused"));
    let mut unmanaged = answer();
    unmanaged["registration_client_uri"] = Value::Null;
    let unmanaged = given(&unmanaged).unwrap();
    assert!(!unmanaged.is_managed());
    assert_eq!(
        unmanaged.delete(&client()).unwrap_err().code().name,
        "provider.member_missing"
    );
}
