//! The machine's one shape: perform this request, or finished.

use crate::error::Error;
use crate::http::{HttpRequest, HttpResponse};

/// What an operation asks for next.
#[must_use = "an operation does nothing until its request is performed and its response handed back"]
#[derive(Debug)]
pub enum Step<T> {
    /// Perform this request, then [`Fetch::resume`] with the response.
    Fetch(Fetch<T>),
    /// Finished.
    Done(T),
}

impl<T> Step<T> {
    /// Returns the result of an operation that asks for nothing.
    pub fn finished(self) -> Option<T> {
        match self {
            Self::Done(value) => Some(value),
            Self::Fetch(_) => None,
        }
    }
}

impl<T: 'static> Step<T> {
    /// Goes on with the result, once there is one.
    pub(crate) fn then<U: 'static>(
        self,
        next: impl FnOnce(T) -> Result<Step<U>, Error> + Send + 'static,
    ) -> Result<Step<U>, Error> {
        match self {
            Self::Done(value) => next(value),
            Self::Fetch(Fetch { request, expects }) => Ok(Step::Fetch(Fetch {
                request,
                expects: Box::new(Then {
                    expects,
                    next: Box::new(next),
                }),
            })),
        }
    }
}

type Next<T, U> = Box<dyn FnOnce(T) -> Result<Step<U>, Error> + Send>;

struct Then<T, U> {
    expects: Box<dyn Expect<T>>,
    next: Next<T, U>,
}

impl<T: 'static, U: 'static> Expect<U> for Then<T, U> {
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<U>, Error> {
        self.expects.receive(response)?.then(self.next)
    }

    fn is_optional(&self) -> bool {
        self.expects.is_optional()
    }
}

/// A request to perform, and the one private state that waits for its response.
///
/// `resume` consumes it, so that no message can be answered twice.
pub struct Fetch<T> {
    request: Option<HttpRequest>,
    expects: Box<dyn Expect<T>>,
}

/// What waits for a response: one private type for each message of the protocol.
pub(crate) trait Expect<T>: Send {
    /// Judges the response and says what comes next.
    fn receive(self: Box<Self>, response: HttpResponse) -> Result<Step<T>, Error>;

    /// Tells whether the operation goes on without a good answer.
    fn is_optional(&self) -> bool {
        false
    }
}

impl<T> Fetch<T> {
    pub(crate) fn new(request: HttpRequest, expects: impl Expect<T> + 'static) -> Self {
        Self {
            request: Some(request),
            expects: Box::new(expects),
        }
    }

    /// Takes the request out, to be performed once.
    ///
    /// # Panics
    ///
    /// When it was taken before: a code must never be sent twice (RFC 6749 section 4.1.2).
    pub fn take_request(&mut self) -> HttpRequest {
        self.request.take().expect("a request is taken once")
    }

    /// Tells whether the operation goes on when the request cannot be performed: hand back any response that
    /// is no success then, such as status 504.
    pub fn is_optional(&self) -> bool {
        self.expects.is_optional()
    }

    /// Hands the response back.
    ///
    /// # Errors
    ///
    /// Whatever the response violates; the operation has then ended.
    pub fn resume(self, response: HttpResponse) -> Result<Step<T>, Error> {
        self.expects.receive(response)
    }
}

impl<T> std::fmt::Debug for Fetch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetch")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
