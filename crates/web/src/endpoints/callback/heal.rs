//! What goes on by itself where no transaction can be found.

use codegrant_core::{Attempt, TransactionId};

use super::Ended;
use crate::auth::Auth;
use crate::clients::Registered;
use crate::cookie::Jar;
use crate::endpoints::link;
use crate::error::LostTransaction;
use crate::response::Response;

/// Goes on where no transaction can be found but no harm can come of it.
///
/// The very transaction that opened the present session, or the last one that this browser handed over to
/// the app's own: a double click, a reload, the back button; the user is where they wanted to be. Otherwise
/// the login may start again by itself once, unless this browser plainly did not begin it.
pub(super) async fn go_on(
    auth: &Auth,
    registered: &Registered,
    state: &str,
    lost: LostTransaction,
    jar: &Jar<'_>,
) -> Result<Response, Ended> {
    let transaction = TransactionId::of_state(state);
    let present = auth.found(jar).await?;
    if let Some(found) = &present {
        let data = found.session.data();
        if data.transaction == transaction {
            return Ok(Response::see_other(data.return_to.as_str()));
        }
    }
    if let Some(return_to) = auth.0.transactions.handed_over(transaction, jar) {
        return Ok(Response::see_other(return_to));
    }
    if let Some(path) = link::prove::seen(auth, registered, transaction, jar).await? {
        return Ok(Response::see_other(path));
    }
    let restart = present.is_none()
        && lost != LostTransaction::Unknown
        && Attempt::of_state(state) == Attempt::First;
    let held = auth.0.transactions.is_held(transaction, jar);
    let cookies = held
        .then(|| auth.0.transactions.drop(transaction))
        .into_iter()
        .collect();
    Err(Ended {
        error: lost.into(),
        return_to: None,
        restart,
        linking: false,
        cookies,
    })
}
