//! A provider, the app, and somebody in front of both: what a person does with the two.

use super::pages::{consent, sign_out};
use super::provider::Provider;
use crate::site::reply::Reply;
use crate::suite::app::App;
use crate::suite::visitor::{Visitor, saying, target_of};

/// Who meets.
pub(super) struct Meeting {
    pub(super) visitor: Visitor,
    /// As whom the visitor signs in.
    pub(super) user: &'static str,
    pub(super) app: App,
    pub(super) provider: Provider,
}

impl Meeting {
    /// Logs in from a page of the app, and returns where that ends.
    pub(super) fn log_in(&mut self, path: &str) -> Reply {
        let asked = self.visitor.get(&self.app.at(path));
        let app = self.app.at("/");
        let asked = self
            .visitor
            .follow_while(asked, |next| next.starts_with(&app));
        let back = consent(&mut self.visitor, &self.provider, self.user, asked);
        let back = self.pass_on(back);
        self.visitor.follow(back)
    }

    /// Sends on what pages post by themselves: the provider's answer, and once more the app's own.
    fn pass_on(&mut self, mut reply: Reply) -> Reply {
        for _ in 0..2 {
            let Some((action, _)) = reply.form() else {
                break;
            };
            if !action.contains("/auth/callback/") {
                break;
            }
            reply = self.visitor.submit(&reply, &action, &[]);
        }
        reply
    }

    /// Has the app call userinfo with the access token.
    pub(super) fn call_the_api(&mut self) {
        let called = self.visitor.browse(&self.app.at("/api-call"));
        assert!(
            called.body.contains("id=\"status\">200<"),
            "{}",
            self.said()
        );
        saying(called, 200, &["&quot;sub&quot;: &quot;ada&quot;"]);
    }

    /// Presses the button that renews the tokens, and fails unless they are renewed.
    pub(super) fn refresh(&mut self) {
        let renewed = submit_refresh(&mut self.visitor, &self.app);
        assert_eq!(
            target_of(&renewed),
            Some(self.app.at("/me")),
            "{}",
            self.said()
        );
        saying(self.visitor.follow(renewed), 200, &["Ada Lovelace"]);
    }

    /// Logs out by the tour's button, agrees at the provider, and comes back.
    pub(super) fn log_out_at_provider(&mut self) {
        let me = self.visitor.browse(&self.app.at("/me"));
        let out = self.visitor.submit(&me, "/auth/logout", &[]);
        let question = saying(self.visitor.follow(out), 200, &["Do you want to sign-out"]);
        let back = self.sign_out(&question);
        let target = target_of(&back).unwrap_or_else(|| panic!("{}", self.said()));
        assert!(
            target.starts_with(&self.app.at("/auth/logged-out")),
            "{target}"
        );
        saying(self.visitor.follow(back), 200, &["You are logged out"]);
    }

    /// Says yes to the provider's question whether to sign out.
    pub(super) fn sign_out(&mut self, question: &Reply) -> Reply {
        sign_out(&mut self.visitor, self.provider.software, question)
    }

    /// Returns what both have printed.
    pub(super) fn said(&self) -> String {
        format!(
            "the app said:\n{}\nthe provider said:\n{}",
            self.app.said(),
            self.provider.said()
        )
    }
}

/// Presses the button that renews the tokens.
pub(super) fn submit_refresh(visitor: &mut Visitor, app: &App) -> Reply {
    let me = saying(visitor.browse(&app.at("/me")), 200, &["Renew tokens"]);
    visitor.submit(&me, "/auth/refresh", &[])
}
