//! The statements for MySQL and MariaDB.

pub(super) const CREATE: &str = "\
    insert into codegrant_session (sealed, version, issued_at, expires_at, entries, id) \
    values (?, ?, ?, ?, ?, ?)";
pub(super) const TAKE_OVER: &str = "\
    update codegrant_session set sealed = ?, version = ?, issued_at = ?, expires_at = ?, entries = ? \
    where id = ? and expires_at <= ?";
pub(super) const IS_THERE: &str = "select count(*) from codegrant_session where id = ?";
pub(super) const LOAD: &str = "\
    select sealed, version, issued_at, expires_at, entries from codegrant_session \
    where id = ? and expires_at > ?";
pub(super) const REPLACE: &str = "\
    update codegrant_session set sealed = ?, version = ?, issued_at = ?, expires_at = ?, entries = ? \
    where id = ? and version = ? and expires_at > ?";
pub(super) const REPLACE_WITHOUT_ENTRIES: &str = "\
    update codegrant_session set sealed = ?, version = ?, issued_at = ?, expires_at = ? \
    where entries = ? and id = ? and version = ? and expires_at > ?";
pub(super) const DELETE: &str = "delete from codegrant_session where id = ?";
pub(super) const END_ALL: &str = "\
    delete s from codegrant_session_index i join codegrant_session s on s.id = i.id \
    where i.entry = ? and s.issued_at <= ? and s.expires_at > ?";
pub(super) const LIST: &str = "\
    select s.id, s.sealed, s.version, s.issued_at, s.expires_at, s.entries \
    from codegrant_session_index i join codegrant_session s on s.id = i.id \
    where i.entry = ? and s.expires_at > ? limit ?";
// The number is given when the row of the other table is locked, and that stays locked until this one is visible:
// so rows become visible in the order of their numbers.
pub(super) const REVOKE: &str = "\
    insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
    select ?, ?, ?, ? from codegrant_revocation_order where only_row = 1 for update";
pub(super) const REVOKED: &str = "\
    select m.last, r.number, r.entry, r.issued_by, r.started_by, r.expires_at \
    from (select coalesce(max(number), 0) as last from codegrant_revocation) m \
    left join codegrant_revocation r on r.number > ? and r.expires_at > ? \
    order by r.number limit ?";
pub(super) const CONSUME: &str = "insert into codegrant_used (id, expires_at) values (?, ?)";
pub(super) const CONSUME_AGAIN: &str =
    "update codegrant_used set expires_at = ? where id = ? and expires_at <= ?";
pub(super) const SWEEP_SESSIONS: &str =
    "delete from codegrant_session where expires_at <= ? order by expires_at limit ?";
pub(super) const SWEEP_USED: &str =
    "delete from codegrant_used where expires_at <= ? order by expires_at limit ?";
pub(super) const SWEEP_REVOCATIONS: &str =
    "delete from codegrant_revocation where expires_at <= ? order by expires_at limit ?";
