-- Sessions, what finds them, and which transactions are used.
create table if not exists codegrant_migration (
    version integer primary key,
    applied_at timestamptz not null default now()
);

-- All moments are seconds since the Unix epoch.
create table if not exists codegrant_session (
    id text primary key,
    sealed bytea not null,
    version bigint not null,
    issued_at bigint not null,
    expires_at bigint not null,
    entries text[] not null
);
-- What is sealed cannot be compressed.
alter table codegrant_session alter column sealed set storage external;
create index if not exists codegrant_session_expires_at on codegrant_session (expires_at);

create table if not exists codegrant_session_index (
    id text not null references codegrant_session (id) on delete cascade,
    entry text not null,
    primary key (id, entry)
);
create index if not exists codegrant_session_index_entry on codegrant_session_index (entry);

create table if not exists codegrant_used (
    id text primary key,
    expires_at bigint not null
);
create index if not exists codegrant_used_expires_at on codegrant_used (expires_at);

insert into codegrant_migration (version) values (1) on conflict do nothing;
