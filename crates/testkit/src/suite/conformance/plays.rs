//! What the browser does in a module.

use codegrant_core::form;
use codegrant_core::oauth2::url::Url;

use super::stage::Stage;
use crate::site::reply::{Reply, attribute};
use crate::site::visit::Visit;
use crate::suite::visitor::target_of;

/// A course of things; what it returns is the answer that the person sees last.
pub(super) type Play = fn(&mut Stage<'_>) -> Result<Reply, String>;

/// Logs in once.
pub(super) fn log_in(stage: &mut Stage<'_>) -> Result<Reply, String> {
    stage.log_in()
}

/// Presses the button, and goes no further than the redirect to the provider.
pub(super) fn begin(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let reply = stage.begin();
    match target_of(&reply) {
        Some(next) if next.starts_with(&stage.op.issuer) => Ok(reply),
        _ => Err(format!(
            "{} does not lead to the provider: {}",
            reply.url,
            stage.told()
        )),
    }
}

/// Logs in, and once more as somebody else.
pub(super) fn log_in_twice(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let first = stage.log_in()?;
    if first.status != 200 {
        return Err(format!("the first login: {}", stage.told()));
    }
    stage.visitor = Default::default();
    stage.log_in()
}

/// Logs in and renews the tokens.
pub(super) fn renew(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let me = stage.log_in()?;
    if me.status != 200 {
        return Err(format!("the login: {}", stage.told()));
    }
    let renewed = stage.post("/auth/refresh", &[("return_to", "/me")]);
    stage.follow(renewed)
}

/// Logs in, and the tokens that a renewal brings are somebody else's: nobody is logged in any longer.
pub(super) fn renew_and_be_sent_away(stage: &mut Stage<'_>) -> Result<Reply, String> {
    is_here(stage)?;
    let reply = stage.post("/auth/refresh", &[("return_to", "/me")]);
    if target_of(&reply) == Some(stage.app.at("/me")) {
        return Err("the tokens were taken".to_owned());
    }
    gone(stage, reply)
}

/// Logs in, renews the tokens, and uses the new ones.
pub(super) fn renew_and_ask_userinfo(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let before = stage.op.last_access_token();
    renew(stage)?;
    call_the_api(stage)?;
    let calls = stage.op.calls();
    let header = calls
        .last()
        .and_then(|call| call.request.header("authorization"));
    let used = header
        .and_then(|header| header.split_once(' '))
        .map(|(_, token)| token);
    let newest = stage.op.last_access_token();
    match newest.is_some() && newest != before && used == newest.as_deref() {
        true => Ok(stage.click("/me")),
        false => Err("the last call was not made with the newest token".to_owned()),
    }
}

/// Begins where a third party sends the browser (OpenID Connect Core 1.0 section 4).
pub(super) fn initiated_login(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let address = stage.app.at(&format!("/auth/initiate/{}", stage.op.alias));
    let target = form::encode(&stage.app.at("/me"));
    let from_portal = |issuer: &str| {
        let url = format!(
            "{address}?iss={}&target_link_uri={target}",
            form::encode(issuer)
        );
        Visit::get(url).from_page("https://portal.example")
    };
    let stranger = stage
        .visitor
        .send(&from_portal("https://stranger.example/"));
    if target_of(&stranger).is_some() || stranger.status < 400 {
        return Err(format!("a login at a stranger's: {}", stranger.status));
    }
    let first = stage.visitor.send(&from_portal(&stage.op.issuer));
    stage.follow(first)
}

/// Logs in, and calls the protected API with what the login brought.
pub(super) fn log_in_and_call_the_api(stage: &mut Stage<'_>) -> Result<Reply, String> {
    is_here(stage)?;
    call_the_api(stage)
}

/// Logs in and out, at the provider as well, and comes back.
pub(super) fn log_out(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let back = leave(stage)?;
    match back.status == 200 && back.url.starts_with(&stage.app.at("/auth/logged-out")) {
        true => {
            stage.logs(&["log_out.returned", "verified=true"])?;
            gone(stage, back)
        }
        false => Err(format!(
            "{} says {}: {}",
            back.url,
            back.status,
            stage.told()
        )),
    }
}

/// The same, and the provider sends the browser back with another state or with none: the person sees that
/// it is done, as it is, and the operator that it was not what was asked for.
pub(super) fn log_out_with_a_wrong_state(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let back = leave(stage)?;
    if back.status != 200 || !back.url.starts_with(&stage.app.at("/auth/logged-out")) {
        return Err(format!(
            "{} says {}: {}",
            back.url,
            back.status,
            stage.told()
        ));
    }
    stage.logs(&["log_out.returned", "verified=false"])?;
    gone(stage, back)
}

/// The provider tells the app, and is answered.
pub(super) fn back_channel(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let back = leave(stage)?;
    let (status, cache) = delivered(stage)?;
    match status == 200 && cache.contains("no-store") {
        true => gone(stage, back),
        false => Err(format!(
            "the app answers {status}, cache-control {cache:?}: {}",
            stage.told()
        )),
    }
}

/// The provider tells the app something that is not so.
pub(super) fn back_channel_is_refused(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let back = leave(stage)?;
    let (status, cache) = delivered(stage)?;
    match status == 400 && cache.contains("no-store") {
        true => Ok(back),
        false => Err(format!(
            "the app answers {status}, cache-control {cache:?}, expected 400"
        )),
    }
}

/// The app's log-out goes over the provider, whose page frames the app's.
pub(super) fn front_channel(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let page = leave(stage)?;
    framed(stage, &page)?;
    gone(stage, page)
}

/// The person logs out at the provider, and the app hears of it by a frame alone.
pub(super) fn front_channel_from_the_provider(stage: &mut Stage<'_>) -> Result<Reply, String> {
    is_here(stage)?;
    let hint = form::encode(&stage.op.last_id_token().unwrap_or_default());
    let back = form::encode(&stage.app.at("/auth/logged-out"));
    let state = "a-state-of-the-providers-own-making";
    let url = format!(
        "{}end_session?id_token_hint={hint}&post_logout_redirect_uri={back}&state={state}",
        stage.op.issuer
    );
    let page = stage.at_provider(&url);
    framed(stage, &page)?;
    gone(stage, page)
}

/// The app's page knows what to ask the provider's frame, before the log-out and not after it.
pub(super) fn watch_the_session(stage: &mut Stage<'_>) -> Result<Reply, String> {
    is_here(stage)?;
    let frame = format!("/auth/session/{}", stage.op.alias);
    let page = stage.click(&frame);
    let asks = [stage.module.client_id(), "check_session"];
    if page.status != 200 || asks.iter().any(|word| !page.body.contains(word)) {
        return Err(format!(
            "{frame} says {} and lacks one of {asks:?}: {}",
            page.status, page.body
        ));
    }
    log_out_again(stage)
}

fn log_out_again(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let out = stage.post("/auth/logout", &[]);
    let back = stage.follow(out)?;
    gone(stage, back)
}

/// Logs in, and fails unless somebody is there.
fn is_here(stage: &mut Stage<'_>) -> Result<(), String> {
    let me = stage.log_in()?;
    match me.status == 200 && me.url == stage.app.at("/me") {
        true => Ok(()),
        false => Err(format!(
            "the login: {} says {}: {}",
            me.url,
            me.status,
            stage.told()
        )),
    }
}

/// Opens the page that calls the API, and fails unless the API was content.
fn call_the_api(stage: &mut Stage<'_>) -> Result<Reply, String> {
    let page = stage.click("/api-call");
    match page.status == 200 && page.body.contains("id=\"status\">200<") {
        true => Ok(page),
        false => Err(format!("the API was not called well: {}", stage.told())),
    }
}

/// Logs in and out, and goes wherever that leads.
fn leave(stage: &mut Stage<'_>) -> Result<Reply, String> {
    is_here(stage)?;
    let out = stage.post("/auth/logout", &[]);
    stage.follow(out)
}

/// Fails if somebody is still logged in.
fn gone(stage: &mut Stage<'_>, reply: Reply) -> Result<Reply, String> {
    let me = stage.click("/me");
    match me.status {
        200 => Err("somebody is still logged in".to_owned()),
        _ => Ok(reply),
    }
}

/// Returns what the app answered to the provider's one logout token: the status, and `Cache-Control`.
fn delivered(stage: &Stage<'_>) -> Result<(u16, String), String> {
    let deliveries = stage.op.deliveries();
    let [delivery] = deliveries.as_slice() else {
        return Err(format!(
            "the provider told the app {} times",
            deliveries.len()
        ));
    };
    let answer = delivery
        .response
        .as_ref()
        .ok_or("the app did not answer the provider")?;
    let cache = answer.header("cache-control").unwrap_or_default();
    Ok((answer.status, cache.to_owned()))
}

/// Loads the frames of the provider's page, as a browser does on behalf of another site.
fn framed(stage: &mut Stage<'_>, page: &Reply) -> Result<(), String> {
    let frames: Vec<String> = page
        .body
        .split("<iframe")
        .skip(1)
        .filter_map(|frame| attribute(frame, "src"))
        .collect();
    let [frame] = frames.as_slice() else {
        return Err(format!(
            "{} has {} frames: {}",
            page.url,
            frames.len(),
            page.body
        ));
    };
    let address = Url::parse(frame).map_err(|error| format!("{frame}: {error}"))?;
    // Another site, although this machine has but one.
    let visit = Visit::get(String::from(address))
        .from_page("http://127.0.0.1:9")
        .with_header("sec-fetch-dest", "iframe");
    let reply = stage.visitor.send(&visit);
    // Browsers heed `X-Frame-Options` only where the policy says nothing (HTML section 7.4.1).
    let policy = reply.header("content-security-policy").unwrap_or_default();
    let ancestors = policy.split(';').map(str::trim);
    let mut ancestors = ancestors.filter_map(|part| part.strip_prefix("frame-ancestors "));
    let may_frame = match ancestors.next() {
        Some(allowed) => allowed
            .split(' ')
            .any(|origin| stage.op.issuer.starts_with(origin)),
        None => reply.header("x-frame-options").is_none(),
    };
    match reply.status == 200 && may_frame {
        true => Ok(()),
        false => Err(format!(
            "{frame} says {} with policy {policy:?}: {}",
            reply.status,
            stage.told()
        )),
    }
}
