//! `cargo xtask demo FRAMEWORK --smoke`: one login through the running app, told step by step.
//!
//! The five steps are those of the authorization code grant (RFC 6749 section 4.1). A step's lines show
//! what the browser sent and got and, beginning with `app`, what the app asked the provider meanwhile.

mod browser;
mod html;
mod http;
mod mask;
mod relay;
mod story;

use std::net::{SocketAddr, TcpListener};
use std::time::Instant;

use http::{Address, header};
use relay::{Exchange, Relay};
use story::Story;

/// An app to log in to, and what stands between it and its provider.
#[derive(Debug)]
pub(crate) struct Site {
    app: Address,
    provider: &'static str,
    relay: Relay,
}

/// A page that only a user who is logged in may see.
const PROTECTED: &str = "/me";

/// Where the login's own pages are.
const BASE: &str = "/auth";

impl Site {
    /// Stands between an app and its provider: the app expects the provider at `listener`, and it
    /// really is at `provider`. The app knows it by the id `name`.
    ///
    /// # Errors
    ///
    /// The app's origin is no address.
    pub(crate) fn new(
        app: &str,
        name: &'static str,
        listener: TcpListener,
        provider: SocketAddr,
    ) -> Result<Self, String> {
        Ok(Self {
            app: Address::parse(app).ok_or_else(|| format!("{app} is no http address"))?,
            provider: name,
            relay: Relay::start(listener, provider),
        })
    }

    /// Logs in and out once, and adds to `told` what happened.
    ///
    /// # Errors
    ///
    /// The first thing that is not as it should be.
    pub(crate) fn log_in_once(&self, told: &mut String) -> Result<(), String> {
        let begin = Instant::now();
        let mut story = Story::new(&self.relay, told);

        story.step("an anonymous user visits the site");
        let home = story.open(&self.at("/"))?;
        hold(home.response.status == 200, "the front page is shown")?;
        let closed = story.open(&self.at(PROTECTED))?;
        let is_closed = closed.response.status != 200;
        hold(is_closed, "the protected page is closed to strangers")?;
        story.end();

        story.step(&format!("they choose \"Log in with {}\"", self.provider));
        let choice = story.open(&self.at(&format!("{BASE}/login")))?;
        let login = format!("{BASE}/login/{}", self.provider);
        let is_offered = choice.response.text().contains(&login);
        hold(is_offered, "the provider is among those to choose from")?;
        let sent = story.open(&self.at(&login))?;
        let authorize = sent.location().ok_or("the login leads nowhere")?;
        story.end();

        story.step("they are sent to the provider, where they sign in and consent");
        let callback = story.sign_in(&authorize, &self.app)?;
        story.end();

        story.step("the provider sends them back to the app, with a code");
        let next = "the app exchanges the code and opens a session";
        let back = story.open_in_two_steps(&callback, next)?;
        let welcome = back.location().ok_or("the callback leads nowhere")?;
        let greeted = story.open(&welcome)?;
        hold(greeted.response.status == 200, "the user is let in")?;
        let page = story.open(&self.at(PROTECTED))?;
        let name = name_of(story.calls()).ok_or("nobody says who the user is")?;
        let is_named = page.response.status == 200 && page.response.text().contains(&name);
        hold(is_named, "the protected page names the user")?;
        story.end();
        let cost = cost(story.calls())?;
        story.say(&format!("{name} is logged in. {cost}\n"));

        story.step("afterwards: they log out");
        story.log_out(&self.at(&format!("{BASE}/logout")))?;
        let closed = story.open(&self.at(PROTECTED))?;
        let is_closed = closed.response.status != 200;
        hold(is_closed, "the protected page is closed again")?;
        story.end();

        let time = begin.elapsed().as_secs_f64();
        story.say(&format!("Logged in and out in {time:.2} s."));
        Ok(())
    }

    fn at(&self, target: &str) -> Address {
        Address {
            authority: self.app.authority.clone(),
            target: target.to_owned(),
        }
    }
}

/// Goes on only if something is so.
fn hold(is_so: bool, what: &str) -> Result<(), String> {
    is_so.then_some(()).ok_or_else(|| format!("not so: {what}"))
}

/// Returns the user's name from the provider's userinfo.
fn name_of(calls: &[Exchange]) -> Option<String> {
    let bodies = calls.iter().map(|call| &call.response.body);
    let mut objects = bodies.filter_map(|body| serde_json::from_slice(body).ok());
    objects.find_map(|object: serde_json::Value| {
        let name = object.get("sub").and_then(|_| object.get("name"))?;
        name.as_str().map(str::to_owned)
    })
}

/// Counts what the login cost the provider, and holds it to one request of each kind.
fn cost(calls: &[Exchange]) -> Result<String, String> {
    let count = |is: &dyn Fn(&Exchange) -> bool| calls.iter().filter(|call| is(call)).count();
    let token = count(&|call| call.request.method == "POST");
    let userinfo = count(&|call| {
        let authorization = header(&call.request.headers, "authorization");
        authorization.is_some_and(|value| value.starts_with("Bearer "))
    });
    let keys = count(&|call| {
        let body = serde_json::from_slice::<serde_json::Value>(&call.response.body);
        body.is_ok_and(|object| object.get("keys").is_some())
    });
    let told = format!(
        "It cost the provider {token} token request, {keys} for its keys and {userinfo} for userinfo."
    );
    if token == 1 && keys <= 1 && userinfo <= 1 {
        Ok(told)
    } else {
        Err(format!("{told} At most one of each was promised."))
    }
}

#[cfg(test)]
mod tests {
    use super::http::{Request, Response};
    use super::*;
    use std::time::Duration;

    fn call(method: &str, authorization: &str, body: &str) -> Exchange {
        Exchange {
            request: Request {
                method: method.to_owned(),
                target: "/x".to_owned(),
                headers: vec![("authorization".to_owned(), authorization.to_owned())],
                body: Vec::new(),
            },
            response: Response {
                status: 200,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
            },
            begin: Instant::now(),
            time: Duration::ZERO,
        }
    }

    fn login() -> Vec<Exchange> {
        vec![
            call("GET", "", r#"{"issuer":"x"}"#),
            call("POST", "Basic x", r#"{"access_token":"x","name":"nobody"}"#),
            call("GET", "", r#"{"keys":[]}"#),
            call("GET", "Bearer x", r#"{"sub":"ada","name":"Ada Lovelace"}"#),
        ]
    }

    #[test]
    fn name_is_taken_from_userinfo() {
        assert_eq!(name_of(&login()).unwrap(), "Ada Lovelace");
        assert_eq!(name_of(&login()[..3]), None);
    }

    #[test]
    fn login_that_asks_the_provider_twice_is_too_dear() {
        let told = cost(&login()).unwrap();
        assert!(
            told.contains("1 token request, 1 for its keys and 1 for userinfo"),
            "{told}"
        );
        for again in 1..4 {
            let mut calls = login();
            calls.push(calls[again].clone());
            assert!(cost(&calls).is_err(), "{again}");
        }
    }
}
