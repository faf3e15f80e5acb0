//! The tour: from who is logged in to a finished page.

use codegrant_web::{Auth, Session, SetupErrors};

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
    api: Option<Api>,
    dev_provider: bool,
    recorder: Recorder,
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
            api: configuration.api().cloned(),
            dev_provider: configuration.has_dev_provider(),
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

    /// Calls the protected API with the session's access token, and shows its answer.
    pub async fn call_api(&self, session: &Session) -> Answer {
        let call = ApiCall::perform(&self.auth, self.api.as_ref(), session).await;
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
        }
    }
}
