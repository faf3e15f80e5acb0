//! What somebody may do, as the provider and the app said when they logged in.

use codegrant_core::provider::Path;

use super::record::{Session, SessionData};

impl SessionData {
    /// Takes the roles that the provider says, where its entry names their claim.
    pub(crate) fn take_roles_of(&mut self, claim: Option<&Path>) {
        let Some(claim) = claim else { return };
        let names = self.identity.claims.names(claim).into_iter();
        self.roles = names.map(str::to_owned).collect();
    }

    /// Adds roles that the app gives, each once.
    pub(crate) fn add_roles(&mut self, roles: Vec<String>) {
        for role in roles {
            if !self.roles.contains(&role) {
                self.roles.push(role);
            }
        }
    }
}

impl Session {
    /// Returns what the user may do: the roles that the provider says and those that the app gave.
    ///
    /// The provider's count only where its entry names a `roles_claim`; there are 200 at most. The app's are
    /// those of [`Verdict::AcceptWithRoles`](crate::Verdict::AcceptWithRoles). Both are as they were at the
    /// login.
    pub fn roles(&self) -> &[String] {
        &self.data().roles
    }
}
