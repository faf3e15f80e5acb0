//! Every error code of linking, each brought about once.

use codegrant_testkit::Site;
use codegrant_testkit::site::{AuthorizationUrl, Browser, Reply};
use codegrant_web::LinkVerdict;

use super::{ada, last_failure, link, prove, sign_in};

/// Says what the hook says to whom.
fn site() -> Site {
    Site::builder()
        .two_providers()
        .configure(|auth| {
            auth.on_link(|link| async move {
                match link.login().identity().subject.as_str() {
                    "grace" => Ok(LinkVerdict::Conflict),
                    "alan" => Ok(LinkVerdict::Refuse("no".to_owned())),
                    _ => Err("the database is gone".into()),
                }
            })
        })
        .build()
}

async fn own(browser: &mut Browser) -> Reply {
    let page = browser.get("/auth/link/op").await;
    let away = browser.submit(&page, &[]).await;
    let url = AuthorizationUrl::parse(away.location().unwrap());
    let callback = browser.at_provider(&url, "ada");
    browser.bring(&callback).await
}

async fn another(browser: &mut Browser) -> Reply {
    let callback = sign_in(browser, "alan").await;
    browser.log_in("op", "grace").await;
    browser.bring(&callback).await
}

async fn code(site: &Site, act: impl AsyncFnOnce(&mut Browser) -> Reply) -> &'static str {
    act(&mut ada(site).await).await;
    last_failure(site)
}

/// Returns each code with the one that came.
pub(crate) async fn table() -> Vec<(&'static str, &'static str)> {
    let said = async |subject: &'static str| {
        let linked = async |browser: &mut Browser| link(browser, subject).await;
        code(&site(), linked).await
    };
    let late_at = site();
    let late = async |browser: &mut Browser| {
        let page = prove(browser, "grace").await;
        late_at.wait(600);
        browser.submit(&page, &[]).await
    };
    vec![
        ("link.conflict", said("grace").await),
        ("link.refused", said("alan").await),
        ("link.hook_failed", said("ada").await),
        ("link.own_identity", code(&site(), own).await),
        ("link.session_changed", code(&site(), another).await),
        ("link.nothing_to_confirm", code(&late_at, late).await),
    ]
}
