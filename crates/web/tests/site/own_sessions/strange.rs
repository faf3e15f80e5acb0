//! The rarer cases: accounts of several people's making, strange browsers, a store that is down.

use super::*;

#[tokio::test]
async fn an_account_is_one_whoever_vouches_for_it() {
    let site = stored()
        .two_providers()
        .configure(|auth| {
            auth.on_login(|login| async move {
                let same = ["ada", "grace"].contains(&login.identity().subject.as_str());
                let account = if same { "7" } else { "8" };
                Ok(Verdict::AcceptAs(account.to_owned()))
            })
        })
        .build();
    let mut ada = logged_in(&site, FIREFOX, "ada").await;
    let mut linked = site.browser().calling_itself(SAFARI);
    linked.log_in("ev", "grace").await;
    let mut alan = logged_in(&site, SAFARI, "alan").await;
    let entries = listed(&site, &mut ada).await;
    let providers: Vec<&str> = entries.iter().map(SessionEntry::provider).collect();
    assert_eq!(providers, ["op", "ev"]);
    ada.post("/auth/sessions", &[("all", "1")]).await;
    assert_eq!(linked.subject().await, None);
    assert!(alan.subject().await.is_some());
}

// attack: LK-16
#[tokio::test]
async fn what_a_browser_calls_itself_is_cut_and_escaped() {
    let site = stored().build();
    let hostile = format!(
        "<script>alert(1)</script>\r\nSet-Cookie: a=b\u{202e}\u{0}{}",
        "x".repeat(70_000)
    );
    let mut ada = logged_in(&site, &hostile, "ada").await;
    let page = ada.get("/auth/sessions").await;
    assert!(page.body.contains("Unknown device") && !page.body.contains("alert"));
    let entry = listed(&site, &mut ada).await.remove(0);
    let kept = entry.user_agent().unwrap();
    assert_eq!(kept.len(), 200);
    assert!(kept.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
    let mut silent = site.browser();
    silent.log_in("op", "ada").await;
    assert!(listed(&site, &mut silent).await[0].user_agent().is_none());
}

// attack: LK-21
#[tokio::test]
async fn without_its_store_nothing_is_listed_and_nothing_is_ended_by_half() {
    let store = SwitchedStore::new();
    let given = store.clone();
    let site = Site::builder().configure(|auth| auth.store(given)).build();
    let mut ada = logged_in(&site, FIREFOX, "ada").await;
    let held = ada.cookies().to_vec();
    let session = ada.session().await.unwrap();
    store.switch_off();
    assert_eq!(ada.get("/auth/sessions").await.status, 503);
    assert_eq!(
        ada.post("/auth/sessions", &[("all", "1")]).await.status,
        503
    );
    assert_eq!(
        ada.post("/auth/sessions", &[("handle", "x")]).await.status,
        503
    );
    let auth = site.auth();
    assert!(auth.sessions(&session).await.is_err());
    assert!(
        auth.log_out_person("http://op.localhost:9000", "grace")
            .await
            .is_err()
    );
    assert_eq!(ada.cookies(), held);
    store.switch_on();
    assert_eq!(ada.subject().await.as_deref(), Some("ada"));
    assert!(log_outs(&site).is_empty());
}

#[tokio::test]
async fn a_session_whose_provider_is_gone_from_the_configuration_is_not_listed() {
    let store = Arc::new(MemoryStore::new(100));
    let given = store.clone();
    let both = Site::builder()
        .two_providers()
        .configure(move |auth| one_account(auth.store(given)))
        .build();
    let mut ada = logged_in(&both, FIREFOX, "ada").await;
    let mut other = both.browser();
    other.log_in("ev", "ada").await;
    assert_eq!(listed(&both, &mut ada).await.len(), 2);
    // `op` alone is left.
    let registration = codegrant_web::Registration::new(
        codegrant_core::provider::Provider::openid("op", "OP", "http://op.localhost:9000"),
        "app",
    );
    let one = Site::builder()
        .beside(&both)
        .only(registration.secret("a secret"))
        .configure(move |auth| one_account(auth.store(store)))
        .build();
    let mut ada = ada.at(&one);
    assert_eq!(listed(&one, &mut ada).await.len(), 1);
}

fn one_account(auth: codegrant_web::AuthBuilder) -> codegrant_web::AuthBuilder {
    auth.on_login(|_| async { Ok(Verdict::AcceptAs("7".to_owned())) })
}
