//! The statements for PostgreSQL.

// The parts of one statement see the tables as they were when it began, so what is taken away and what is added
// must not overlap. The row is locked first; only who wrote it goes on to its entries.
pub(super) const CREATE: &str = "\
    with kept as (\
    insert into codegrant_session as held (id, sealed, version, issued_at, expires_at, entries) \
    values ($1, $2, $3, $4, $5, $6) on conflict (id) do update set sealed = excluded.sealed, \
    version = excluded.version, issued_at = excluded.issued_at, expires_at = excluded.expires_at, \
    entries = excluded.entries where held.expires_at <= $7 returning id), \
    gone as (delete from codegrant_session_index i using kept \
    where i.id = kept.id and i.entry <> all($6)), \
    added as (insert into codegrant_session_index (id, entry) \
    select kept.id, entry from kept, unnest($6) entry on conflict do nothing) \
    select count(*) from kept";
pub(super) const LOAD: &str = "\
    select sealed, version, issued_at, expires_at, entries from codegrant_session \
    where id = $1 and expires_at > $2";
pub(super) const REPLACE: &str = "\
    with kept as (\
    update codegrant_session set sealed = $2, version = $3, issued_at = $4, expires_at = $5, \
    entries = $6 where id = $1 and version = $7 and expires_at > $8 returning id), \
    gone as (delete from codegrant_session_index i using kept \
    where i.id = kept.id and i.entry <> all($6)), \
    added as (insert into codegrant_session_index (id, entry) \
    select kept.id, entry from kept, unnest($6) entry on conflict do nothing) \
    select count(*) from kept";
pub(super) const DELETE: &str = "delete from codegrant_session where id = $1";
// The entries are compared again, with those of a change that ended while this waited for it.
pub(super) const END_ALL: &str = "\
    delete from codegrant_session s using codegrant_session_index i \
    where i.entry = $1 and s.id = i.id and $1 = any(s.entries) \
    and s.issued_at <= $2 and s.expires_at > $3";
pub(super) const LIST: &str = "\
    select s.id, s.sealed, s.version, s.issued_at, s.expires_at, s.entries \
    from codegrant_session_index i join codegrant_session s on s.id = i.id \
    where i.entry = $1 and $1 = any(s.entries) and s.expires_at > $2 limit $3";
pub(super) const REVOKE: &str = "\
    insert into codegrant_revocation (entry, issued_by, started_by, expires_at) \
    values ($1, $2, $3, $4)";
pub(super) const REVOKED: &str = "\
    select s.open_from, r.written, r.id, r.entry, r.issued_by, r.started_by, r.expires_at \
    from (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as open_from) s \
    left join lateral (select written::text::bigint as written, id, entry, issued_by, started_by, expires_at \
    from codegrant_revocation r where (r.written, r.id) > ($1::text::xid8, $2) and r.expires_at > $3 \
    order by r.written, r.id limit $4) r on true order by r.written, r.id";
pub(super) const CONSUME: &str = "\
    insert into codegrant_used as held (id, expires_at) values ($1, $2) \
    on conflict (id) do update set expires_at = excluded.expires_at where held.expires_at <= $3";
// Nodes that sweep at once take different rows.
pub(super) const SWEEP_SESSIONS: &str = "\
    delete from codegrant_session where id in (select id from codegrant_session \
    where expires_at <= $1 order by expires_at limit $2 for update skip locked)";
pub(super) const SWEEP_USED: &str = "\
    delete from codegrant_used where id in (select id from codegrant_used \
    where expires_at <= $1 order by expires_at limit $2 for update skip locked)";
pub(super) const SWEEP_REVOCATIONS: &str = "\
    delete from codegrant_revocation where id in (select id from codegrant_revocation \
    where expires_at <= $1 order by expires_at limit $2 for update skip locked)";
