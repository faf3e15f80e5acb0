//! The tour: from who is logged in to a finished page.

use codegrant_web::{Auth, Require, Rule, Session, SetupErrors};

use crate::api_call::ApiCall;
use crate::configuration::{Api, Configuration};
use crate::flow::{Aside, FlowView};
use crate::moment;
use crate::pages::{self, FlowPage, Frame};
use crate::recorder::{Flow, Recorder};

/// The tour app without routes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Tour {
    auth: Auth,
    apis: Vec<Api>,
    dev_provider: bool,
    /// The providers whose session pages watch.
    watched: Vec<String>,
    recorder: Recorder,
}

/// What the tour's page for a recent sign-in wants.
#[derive(Debug, Clone, Copy)]
pub struct Recent;

impl Rule for Recent {
    fn require() -> Require {
        Require::new().signed_in_within(300)
    }
}

/// A finished page: a framework copies it and never edits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(&'static str, String)>,
    /// The HTML document.
    pub body: String,
}

impl Tour {
    /// Starts the tour that a configuration describes.
    ///
    /// # Errors
    ///
    /// Every mistake in the login's part of the configuration, each with its remedy.
    pub fn start(configuration: &Configuration) -> Result<Self, SetupErrors> {
        let recorder = Recorder::default();
        let auth = configuration
            .builder()?
            .observer(recorder.clone())
            .build()?;
        Ok(Self {
            auth,
            apis: configuration.apis().to_vec(),
            dev_provider: configuration.has_dev_provider(),
            watched: configuration.watched(),
            recorder,
        })
    }

    /// Returns the login: an adapter mounts its routes.
    pub fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Returns the record of what happened.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// Shows the first page: what this is, and a button for each provider.
    pub fn home(&self, session: Option<&Session>) -> Answer {
        if session.is_none() {
            self.recorder.visited("/");
        }
        pages::home(&self.frame(session), self.dev_provider)
    }

    /// Shows who is logged in, and who said what about them.
    pub fn me(&self, session: &Session) -> Answer {
        let now = moment::timestamp(moment::now());
        pages::me(&self.frame(Some(session)), session, now)
    }

    /// Shows the page that wants a recent sign-in.
    pub fn recent(&self, session: &Session) -> Answer {
        pages::recent(&self.frame(Some(session)), session)
    }

    /// Calls the protected API with the session's access token, and shows its answer.
    pub async fn call_api(&self, session: &Session) -> Answer {
        let call = ApiCall::perform(&self.auth, &self.apis, session).await;
        pages::api_call(&self.frame(Some(session)), session, call.as_ref())
    }

    /// Shows a login step by step: the one with this correlation id, or the last one.
    ///
    /// On loopback everybody sees everything: it is one person's demo. Under any other name people see
    /// their own logins, and others only by an id that stood on their error page.
    pub fn flow(&self, session: Option<&Session>, id: Option<&str>) -> Answer {
        let on_loopback = self.auth.public_origin().is_loopback();
        let flows = self.recorder.flows();
        let logins = || {
            flows
                .iter()
                .filter_map(|flow| FlowView::of(flow, self.auth.base()))
        };
        let listed: Vec<FlowView> = logins()
            .filter(|view| on_loopback || session.is_some_and(|session| view.is_of(session)))
            .collect();
        let shown = match id {
            None => listed.first().cloned(),
            Some(id) => match logins().find(|view| view.id == id) {
                None => return self.not_found(session),
                found => found,
            },
        };
        let is_no_login = |flow: &&Flow| FlowView::of(flow, self.auth.base()).is_none();
        let asides = flows.iter().filter(|_| on_loopback).filter(is_no_login);
        let page = FlowPage {
            shown,
            listed,
            asides: asides.filter_map(Aside::of).collect(),
            on_loopback,
        };
        pages::flow(&self.frame(session), &page)
    }

    /// Says that there is no such page.
    pub fn not_found(&self, session: Option<&Session>) -> Answer {
        pages::not_found(&self.frame(session))
    }

    fn frame<'a>(&'a self, session: Option<&'a Session>) -> Frame<'a> {
        Frame {
            auth: &self.auth,
            session,
            watched: &self.watched,
        }
    }
}

#[cfg(test)]
mod tests {
    use codegrant_web::{Event, Observer as _};

    use super::*;

    const PUBLIC: &str = r#"
        public_origin = "https://app.example"
        secret = "0123456789abcdef0123456789abcdef"
        [[provider]]
        preset = "github"
        client_id = "an id"
        client_secret = "a secret"
    "#;

    fn public() -> Tour {
        Tour::start(&Configuration::parse(PUBLIC).unwrap()).unwrap()
    }

    fn callback(name: &str, value: &str) -> Event {
        Event::CallbackReceived {
            provider: "github".to_owned(),
            parameters: vec![(name.to_owned(), value.to_owned())],
        }
    }

    fn finished(subject: &str) -> Event {
        Event::LoginFinished {
            provider: "github".to_owned(),
            issuer: "https://github.com/login/oauth".to_owned(),
            subject: subject.to_owned(),
        }
    }

    #[test]
    fn what_strangers_sent_is_shown_as_text() {
        let hostile = "\"><script>alert('1')</script>";
        let tour = Tour::start(&Configuration::default()).unwrap();
        let recorder = tour.recorder();
        recorder.observe("refused", callback("error", "x"));
        recorder.observe(
            "refused",
            Event::Failed {
                provider: Some(hostile.to_owned()),
                code: "callback.error",
                detail: hostile.to_owned(),
                cause: "",
                remedy: "",
            },
        );
        recorder.observe(hostile, callback(hostile, hostile));
        recorder.observe(hostile, finished(hostile));
        for id in [None, Some("refused"), Some(hostile)] {
            let page = tour.flow(None, id);
            assert_eq!(page.status, 200, "{id:?}");
            assert!(page.body.contains("&lt;script&gt;"), "{id:?}");
            assert!(
                !page.body.contains("<script") && !page.body.contains(hostile),
                "{id:?}"
            );
        }
    }

    #[test]
    fn strangers_see_nobodys_login_under_a_public_name() {
        let tour = public();
        tour.recorder()
            .observe("one", callback("code", "[43 characters]"));
        tour.recorder().observe("one", finished("4711"));
        let page = tour.flow(None, None).body;
        assert!(page.contains("id=\"no-flow\"") && !page.contains("4711"));
        assert!(!page.contains("/flow/one"));
    }

    #[test]
    fn login_is_found_by_its_reference_under_a_public_name() {
        let tour = public();
        tour.recorder()
            .observe("one", callback("code", "[43 characters]"));
        assert_eq!(tour.flow(None, Some("one")).status, 200);
        assert_eq!(tour.flow(None, Some("two")).status, 404);
    }

    #[test]
    fn first_page_has_a_button_for_each_provider() {
        let second = "[[provider]]\npreset = \"google\"\nclient_id = \"an id\"\nclient_secret = \"a secret\"";
        let configuration = Configuration::parse(&format!("{PUBLIC}\n{second}")).unwrap();
        let page = Tour::start(&configuration).unwrap().home(None).body;
        for button in [
            "/auth/login/github?return_to=/me",
            "/auth/login/google?return_to=/me",
        ] {
            assert!(page.contains(button), "{button}");
        }
    }
}
