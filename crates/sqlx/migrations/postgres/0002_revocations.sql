-- Which sealed sessions are over.
create table if not exists codegrant_revocation (
    id bigint generated always as identity primary key,
    -- Readers go on from the oldest transaction that was still open, so that none that ends late is missed.
    written xid8 not null default pg_current_xact_id(),
    entry text not null,
    issued_by bigint not null,
    started_by bigint not null,
    expires_at bigint not null
);
create index if not exists codegrant_revocation_written on codegrant_revocation (written, id);
create index if not exists codegrant_revocation_expires_at on codegrant_revocation (expires_at);

insert into codegrant_migration (version) values (2) on conflict do nothing;
