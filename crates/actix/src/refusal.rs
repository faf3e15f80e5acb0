//! A way past Actix-web's `Option` extractor, which turns every error into `None`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};

use crate::LoginRequired;
use crate::guard::Answer;

/// Answers 503 in place of handlers with `Option<User>` when sessions cannot be read.
///
/// Actix-web makes `None` of every error of an optional extractor: without this, a store that is down makes
/// everybody a stranger for as long. Such a handler does not run. Wrap the whole app in it, after its other
/// middlewares so that it is around them; it asks no store by itself.
///
/// ```
/// use actix_web::{App, web};
/// use codegrant_actix::{Auth, User, answer_store_errors, provider::GITHUB, routes};
///
/// # let auth = Auth::builder("http://localhost:3000").login_with(GITHUB, "id", "secret").build()?;
/// let greet = async |user: Option<User>| user.map_or("Hello, stranger!".into(), |user| format!("Hello, {user}!"));
/// App::new().wrap(answer_store_errors()).configure(routes(&auth)).route("/", web::get().to(greet));
/// # Ok::<(), codegrant_actix::SetupErrors>(())
/// ```
pub fn answer_store_errors<S, B>()
-> impl Transform<S, ServiceRequest, Response = Answer<B>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(watch)
}

/// What an extractor leaves for the middleware around it; the request comes along, because nothing outside
/// of it may hold on to one while it is routed.
#[derive(Default)]
struct Slot {
    refused: Cell<Option<(LoginRequired, HttpRequest)>>,
    watcher: Cell<Option<Waker>>,
    /// Extractors that wait until the request has been answered; they end with this.
    waiting: RefCell<Vec<Waker>>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}

async fn watch<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<Answer<B>, Error> {
    let slot = Rc::new(Slot::default());
    request.extensions_mut().insert(Rc::downgrade(&slot));
    let mut answer = next.call(request);
    poll_fn(|task| {
        slot.watcher.set(Some(task.waker().clone()));
        if let Poll::Ready(answer) = answer.as_mut().poll(task) {
            return Poll::Ready(answer.map(ServiceResponse::map_into_left_body));
        }
        let Some((required, request)) = slot.refused.take() else {
            return Poll::Pending;
        };
        let response = required.error_response();
        Poll::Ready(Ok(
            ServiceResponse::new(request, response).map_into_right_body()
        ))
    })
    .await
}

/// Gives the refusal to the middleware and waits to be dropped; without one, gives it back.
///
/// An extractor that runs in a task of its own is not dropped: it gets the refusal when all is over.
pub(crate) async fn hand_over(required: LoginRequired, request: HttpRequest) -> LoginRequired {
    let slot = request
        .extensions()
        .get::<Weak<Slot>>()
        .and_then(Weak::upgrade);
    let Some(slot) = slot else {
        return required;
    };
    slot.refused.set(Some((required.clone(), request)));
    slot.watcher.take().into_iter().for_each(Waker::wake);
    let over = Rc::downgrade(&slot);
    drop(slot);
    poll_fn(|task| {
        let slot = over.upgrade();
        slot.map_or(Poll::Ready(required.clone()), |slot| {
            slot.waiting.borrow_mut().push(task.waker().clone());
            Poll::Pending
        })
    })
    .await
}
