//! Sign-in and consent: what a person answers on the provider's own pages.

use aws_lc_rs::digest::{SHA256, digest};
use codegrant_core::http::HttpResponse;

use crate::authorization_request::Refusal;
use crate::call::Call;
use crate::dev_user::DevUser;
use crate::pages::{self, ConsentPage, Problem, SignInPage};
use crate::parameters::Parameters;
use crate::state::{Interaction, SignedIn};

/// The longest name that somebody may type, in characters.
const NAME_LIMIT: usize = 60;

const DENIED: Refusal = Refusal {
    error: "access_denied",
    description: "the user did not allow it",
};

impl Call<'_> {
    /// Shows the page on which a person says who they are; `mistake` is what was wrong the last time.
    pub(crate) fn sign_in_page(&self, id: &str, mistake: Option<&str>) -> HttpResponse {
        let Some(interaction) = self.interaction(id) else {
            return pages::error(400, &Problem::InteractionOver);
        };
        let request = &interaction.request;
        let hint = request.login_hint.as_deref();
        let hinted = hint.and_then(|hint| self.hinted(hint));
        pages::sign_in(&SignInPage {
            base_path: self.base_path,
            interaction: id,
            client_name: &self.client_name(&request.client_id),
            users: &self.settings.users,
            suggested: hinted,
            // A hint that means none of the users above is a name to begin with.
            name: hint.filter(|_| hinted.is_none()),
            mistake,
        })
    }

    /// Shows the sign-in page again, for somebody who wants to be somebody else.
    pub(crate) fn show_sign_in(&self) -> HttpResponse {
        let parameters = self.parameters();
        self.sign_in_page(parameters.value("interaction").unwrap_or_default(), None)
    }

    /// Signs somebody in: a `user` by subject, or whoever typed a `name`.
    pub(crate) fn sign_in(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        let id = parameters.value("interaction").unwrap_or_default();
        if let Some(answer) = self.state.answered.find(id) {
            return answer.clone();
        }
        let Some(interaction) = self.interaction(id).cloned() else {
            return pages::error(400, &Problem::InteractionOver);
        };
        let user = match self.chosen(&parameters) {
            Ok(user) => user,
            Err(mistake) => return self.sign_in_page(id, Some(mistake)).with_status(400),
        };
        // A new value at every sign-in, so that nobody can have planted it.
        if let Some(before) = self.cookie() {
            self.state.sessions.remove(before);
        }
        let signed_in = SignedIn {
            subject: user.subject,
            at: self.now,
            session_id: self.new_session_id(),
            context: self.reached_context(&interaction.request),
            browser_state: self.state.random.next_id(),
        };
        let cookie = self.state.random.next_id();
        self.state
            .sessions
            .insert(cookie.clone(), signed_in.clone());
        let answer = self.ask_consent(interaction.request, signed_in.clone());
        let answer = self.with_session_cookies(answer, &cookie, &signed_in);
        self.finish(id, answer)
    }

    /// Ends an interaction; its answer is kept for whoever clicks twice.
    fn finish(&mut self, id: &str, answer: HttpResponse) -> HttpResponse {
        self.state.interactions.remove(id);
        self.state.answered.insert(id.to_owned(), answer.clone());
        answer
    }

    fn chosen(&mut self, parameters: &Parameters) -> Result<DevUser, &'static str> {
        if let Some(subject) = parameters.value("user") {
            let listed = self.settings.users.iter();
            let found = listed.clone().find(|user| user.subject == subject);
            return found
                .cloned()
                .ok_or("There is no such user. Choose one of these.");
        }
        let name = parameters.value("name").unwrap_or_default().trim();
        if name.is_empty() {
            return Err("Choose somebody, or type a name.");
        }
        if name.chars().count() > NAME_LIMIT || name.contains(char::is_control) {
            return Err("That name is too long, or holds a character that no name has.");
        }
        let user = made_up(name);
        self.state
            .made_up
            .insert(user.subject.clone(), user.clone());
        Ok(user)
    }

    /// Shows the page on which a person allows or denies what the client asks for.
    pub(crate) fn show_consent(&self) -> HttpResponse {
        let parameters = self.parameters();
        let id = parameters.value("interaction").unwrap_or_default();
        let found = self.interaction(id).and_then(|interaction| {
            let user = self.user(&interaction.signed_in.as_ref()?.subject)?;
            Some((interaction, user))
        });
        let Some((interaction, user)) = found else {
            return pages::error(400, &Problem::InteractionOver);
        };
        let request = &interaction.request;
        pages::consent(&ConsentPage {
            base_path: self.base_path,
            interaction: id,
            client_name: &self.client_name(&request.client_id),
            redirect_uri: &request.return_to.redirect_uri,
            user: &user,
            scopes: &request.scopes,
        })
    }

    /// Takes the answer: a `decision` of `allow` or `deny`. To deny, nobody has to be signed in.
    pub(crate) fn decide(&mut self) -> HttpResponse {
        let parameters = self.parameters();
        let id = parameters.value("interaction").unwrap_or_default();
        if let Some(answer) = self.state.answered.find(id) {
            return answer.clone();
        }
        let Some(interaction) = self.interaction(id).cloned() else {
            return pages::error(400, &Problem::InteractionOver);
        };
        let request = interaction.request;
        let answer = match (parameters.value("decision"), interaction.signed_in) {
            (Some("allow"), Some(signed_in)) => {
                self.keep_consent(&request, &signed_in.subject);
                self.issue_code(&request, signed_in)
            }
            (Some("deny"), _) => self.refuse(&request.return_to, &DENIED),
            _ => return pages::error(400, &Problem::Missing { name: "decision" }),
        };
        self.finish(id, answer)
    }

    fn interaction(&self, id: &str) -> Option<&Interaction> {
        let held = self.state.interactions.find(id)?;
        (self.now < held.expires).then_some(held)
    }

    fn client_name(&self, id: &str) -> String {
        let client = self.client(id);
        client.map_or_else(String::new, |client| client.display_name().to_owned())
    }
}

/// Makes a user out of a name; the same name is the same account each time.
fn made_up(name: &str) -> DevUser {
    let hash = digest(&SHA256, name.as_bytes());
    let id: String = hash.as_ref()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let words = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    let slug = words
        .map(str::to_ascii_lowercase)
        .collect::<Vec<_>>()
        .join(".");
    let username = if slug.is_empty() {
        format!("user-{id}")
    } else {
        slug
    };
    let email = format!("{username}@example.test");
    DevUser::new(format!("name-{id}"), name, username).with_unverified_email(email)
}
