//! The app of the contract by values: what web says to each request, without a socket and an adapter.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use codegrant_web::Response;
use tokio::runtime::Runtime;

use super::super::Broken;
use super::super::ask::Ask;
use super::super::stage::{BEGINNING, LOGGED_IN, Player, Setup, logged_in};
use super::super::wire::Answer;
use super::entry::{Entry, Spelling};
use super::play::{Asked, Leeway, Place, through};
use super::transcript::Transcript;

/// Plays the corpus by values.
pub(super) fn transcript(entries: &[Entry], leeway: Leeway) -> Result<Transcript, Broken> {
    let (mut sealed, mut stored) = (
        Values::new(Setup::default(), leeway)?,
        Values::new(Setup::stored(), leeway)?,
    );
    through(entries, leeway, &mut sealed, &mut stored)
}

struct Values {
    player: Player,
    runtime: Runtime,
    leeway: Leeway,
}

impl Values {
    fn new(setup: Setup, leeway: Leeway) -> Result<Self, Broken> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(Broken::new)?;
        Ok(Self {
            player: Player::new(setup, Arc::new(AtomicI64::new(BEGINNING)))?,
            runtime,
            leeway,
        })
    }
}

impl Asked for Values {
    fn ask(&mut self, ask: &Ask, spelling: &Spelling) -> Result<Answer, Broken> {
        if matches!(spelling, Spelling::Malformed(_) | Spelling::BrokenOff(_)) {
            return Err(Broken::new("no server reads this"));
        }
        let mut ask = ask.clone();
        if self.leeway.drops_foreign_fields {
            let is_text = |value: &[u8]| std::str::from_utf8(value).is_ok();
            ask.headers.retain(|(_, value)| is_text(value));
        }
        let auth = &self.player.auth;
        let request = ask.value();
        let response = match Place::of(&ask) {
            Place::Endpoint => self.runtime.block_on(auth.handle(request)),
            Place::Greeting => match self.runtime.block_on(auth.require(request)) {
                Ok(session) => return Ok(page(&format!("Hello, {}!", session.identity()))),
                Err(response) => response,
            },
            Place::Maybe => match self.runtime.block_on(auth.identify(request)) {
                Ok(Some(session)) => return Ok(page(&format!("Hello, {}!", session.identity()))),
                Ok(None) => return Ok(page("Hello, stranger!")),
                Err(error) => auth.refuse(&error),
            },
            Place::Plain => return Ok(page("plain")),
            Place::Nobodys => {
                return Ok(Answer {
                    status: 404,
                    headers: Vec::new(),
                    body: Vec::new(),
                });
            }
        };
        Ok(answer(response, &ask.method))
    }

    fn player(&self) -> &Player {
        &self.player
    }
}

fn page(text: &str) -> Answer {
    Answer {
        status: 200,
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
    }
}

/// Makes what arrives of a response when all of it does.
fn answer(response: Response, method: &str) -> Answer {
    let subject = logged_in(&response).map(|subject| (LOGGED_IN.to_owned(), subject.to_owned()));
    let headers = response.headers.into_iter();
    let headers = headers.map(|(name, value)| (name.to_owned(), value));
    Answer {
        status: response.status,
        headers: headers.chain(subject).collect(),
        body: if method == "HEAD" {
            Vec::new()
        } else {
            response.body
        },
    }
}
