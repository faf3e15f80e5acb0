//! The statements for SQLite.

pub(super) const CREATE: &str = "\
    insert into codegrant_session (id, sealed, version, issued_at, expires_at, entries) \
    values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (id) do update set sealed = excluded.sealed, \
    version = excluded.version, issued_at = excluded.issued_at, expires_at = excluded.expires_at, \
    entries = excluded.entries where codegrant_session.expires_at <= ?7";
pub(super) const LOAD: &str = "\
    select sealed, version, issued_at, expires_at, entries from codegrant_session \
    where id = ?1 and expires_at > ?2";
pub(super) const READ_ENTRIES: &str = "\
    select entries from codegrant_session where id = ?1 and version = ?2 and expires_at > ?3";
pub(super) const REPLACE: &str = "\
    update codegrant_session set sealed = ?2, version = ?3, issued_at = ?4, expires_at = ?5, \
    entries = ?6 where id = ?1";
pub(super) const DELETE: &str = "delete from codegrant_session where id = ?1";
pub(super) const END_ALL: &str = "\
    delete from codegrant_session \
    where id in (select id from codegrant_session_index where entry = ?1) \
    and issued_at <= ?2 and expires_at > ?3";
pub(super) const LIST: &str = "\
    select s.id, s.sealed, s.version, s.issued_at, s.expires_at, s.entries \
    from codegrant_session_index i join codegrant_session s on s.id = i.id \
    where i.entry = ?1 and s.expires_at > ?2 limit ?3";
pub(super) const REVOKE: &str = "\
    insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
    values (?1, ?2, ?3, ?4)";
pub(super) const REVOKED: &str = "\
    select m.last, r.number, r.entry, r.issued_by, r.started_by, r.expires_at \
    from (select coalesce(max(number), 0) as last from codegrant_revocation) m \
    left join codegrant_revocation r on r.number > ?1 and r.expires_at > ?2 \
    order by r.number limit ?3";
pub(super) const CONSUME: &str = "\
    insert into codegrant_used (id, expires_at) values (?1, ?2) \
    on conflict (id) do update set expires_at = excluded.expires_at \
    where codegrant_used.expires_at <= ?3";
pub(super) const SWEEP_SESSIONS: &str = "\
    delete from codegrant_session where id in (select id from codegrant_session \
    where expires_at <= ?1 order by expires_at limit ?2)";
pub(super) const SWEEP_USED: &str = "\
    delete from codegrant_used where id in (select id from codegrant_used \
    where expires_at <= ?1 order by expires_at limit ?2)";
pub(super) const SWEEP_REVOCATIONS: &str = "\
    delete from codegrant_revocation where number in (select number from codegrant_revocation \
    where expires_at <= ?1 order by expires_at limit ?2)";
