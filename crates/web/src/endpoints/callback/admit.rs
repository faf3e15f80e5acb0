//! What becomes of a login that has been proved: the app says, and its session opens, or does not.

use codegrant_core::{Timestamp, TransactionId};

use crate::auth::Auth;
use crate::cookie::Jar;
use crate::error::{Error, LoginError};
use crate::on_login::Verdict;
use crate::session::{Found, SessionData};

/// Tells whether a log-out came while the login was under way: it ends this one too.
///
/// What the provider ended may have begun before that and be proved only now; and the silent question about a
/// session does not bring back one that is no longer there.
pub(super) async fn is_overtaken(
    auth: &Auth,
    data: &SessionData,
    began: Timestamp,
    about_the_present: bool,
    jar: &Jar<'_>,
) -> Result<bool, Error> {
    if auth.0.sessions.had_ended(data, began, auth.now()) {
        return Ok(true);
    }
    let same = |found: Found| found.session.identity().key() == data.identity.key();
    Ok(about_the_present && !auth.found(jar).await?.is_some_and(same))
}

/// Asks the app what becomes of a login that has been proved, does it, and returns the cookies that say so.
///
/// `None` where the person was logged out since the login `began`.
pub(super) async fn admit(
    auth: &Auth,
    id: &str,
    data: &mut SessionData,
    began: Timestamp,
    transaction: TransactionId,
    jar: &Jar<'_>,
) -> Result<Option<Vec<String>>, Error> {
    let sessions = &auth.0.sessions;
    match auth.0.on_login.ask(data).await? {
        Verdict::Accept => sessions.open(data, began, jar, auth.now()).await,
        Verdict::AcceptAs(account) => {
            data.account = Some(account);
            sessions.open(data, began, jar, auth.now()).await
        }
        Verdict::AcceptWithRoles(account, roles) => {
            data.account = Some(account);
            data.add_roles(roles);
            sessions.open(data, began, jar, auth.now()).await
        }
        Verdict::HandOver(account) => {
            data.account = Some(account);
            if sessions.is_overtaken(data, began, auth.now()).await? {
                return Ok(None);
            }
            // Whoever was logged in here before would otherwise be so beside the one that logs in now.
            let found = sessions.find(jar, auth.now()).await?;
            let mut cookies = sessions.end(found.as_ref(), jar, auth.now()).await?;
            let transactions = &auth.0.transactions;
            if transactions.handed_over_just_now(&data.return_to, jar, auth.now()) {
                auth.0.events.handed_over_again(id, &data.identity.provider);
            }
            cookies.push(transactions.hand_over(transaction, &data.return_to, auth.now()));
            Ok(Some(cookies))
        }
        Verdict::Refuse(reason) => {
            // Nobody will use what the provider has just granted.
            auth.give_back(&data.identity, data.refresh_token.as_ref(), id);
            Err(LoginError::refused(&reason).into())
        }
    }
}
