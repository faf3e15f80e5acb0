//! One request, made anew for every attempt, and attempted once more when a server asks for a nonce.
//!
//! What must never be sent twice, a client assertion or a proof, is made when the request is.

use crate::client::Client;
use crate::dpop::{DpopKey, Proof, Server};
use crate::error::{Error, ProviderError, Quoted};
use crate::http::{HttpRequest, HttpResponse};
use crate::moment::Moment;
use crate::step::{Expect, Fetch, Step};

/// A request that can be made more than once.
pub(crate) trait Repeatable: Send + 'static {
    /// Makes it, complete but for the proof.
    fn request(&self, attempt: u8) -> Result<HttpRequest, Error>;

    /// Tells whether an answer asks for a proof with a nonce in it.
    fn asks_for_nonce(&self, response: &HttpResponse) -> bool;
}

/// What the proofs of one request are made of, where there are any (RFC 9449).
pub(crate) struct Proving {
    pub(crate) client: Client,
    pub(crate) server: Server,
    /// The key, and what the names of its proofs are derived from.
    pub(crate) key: Option<(DpopKey, Moment)>,
    /// What the proof names besides, at a server that accepts tokens.
    pub(crate) access_token: Option<String>,
}

impl Proving {
    /// Adds the proof to a request, with the latest nonce of that server.
    fn prove(&self, request: &mut HttpRequest, attempt: u8) -> Result<(), Error> {
        let Some((key, moment)) = &self.key else {
            return Ok(());
        };
        let nonce = self.client.nonces().latest(self.server, &request.url);
        let proof = key.proof(&Proof {
            method: request.method.as_str(),
            url: &request.url,
            jti: moment.unique("proof", attempt),
            nonce: nonce.as_deref(),
            access_token: self.access_token.as_deref(),
            now: moment.now(),
        })?;
        request.set_header("dpop", proof);
        Ok(())
    }
}

/// Sends a request, once more if the server asks for a nonce, and has the answer read.
pub(crate) fn send<T: 'static>(
    attempt: impl Repeatable,
    proving: Proving,
    read: impl FnOnce(HttpResponse) -> Result<Step<T>, Error> + Send + 'static,
) -> Result<Step<T>, Error> {
    Sent {
        attempt,
        proving,
        number: 0,
        url: String::new(),
        read: Box::new(read),
    }
    .step()
}

type Read<T> = Box<dyn FnOnce(HttpResponse) -> Result<Step<T>, Error> + Send>;

struct Sent<A, T> {
    attempt: A,
    proving: Proving,
    number: u8,
    url: String,
    read: Read<T>,
}

impl<A: Repeatable, T: 'static> Sent<A, T> {
    fn step(mut self) -> Result<Step<T>, Error> {
        let mut request = self.attempt.request(self.number)?;
        request.certificate = self.proving.client.certificate().cloned();
        self.proving.prove(&mut request, self.number)?;
        self.url.clone_from(&request.url);
        Ok(Step::Fetch(Fetch::new(request, self)))
    }
}

impl<A: Repeatable, T: 'static> Expect<T> for Sent<A, T> {
    fn receive(mut self: Box<Self>, response: HttpResponse) -> Result<Step<T>, Error> {
        if self.proving.key.is_none() {
            return (self.read)(response);
        }
        let nonces = self.proving.client.nonces();
        let learned = nonces.learn(self.proving.server, &self.url, &response);
        if !self.attempt.asks_for_nonce(&response) {
            return (self.read)(response);
        }
        let url = || Quoted::new(self.url.split(['?', '#']).next().unwrap_or_default());
        if !learned {
            return Err(ProviderError::NonceMissing { url: url() }.into());
        }
        // One more try and no second one: a server that always asks must not keep us going.
        if self.number > 0 {
            return Err(ProviderError::NonceRefused { url: url() }.into());
        }
        self.number += 1;
        self.step()
    }
}
