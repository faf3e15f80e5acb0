-- Sessions, what finds them, and which transactions are used.
create table if not exists codegrant_migration (
    version integer primary key,
    applied_at text not null default current_timestamp
);

-- All moments are seconds since the Unix epoch.
create table if not exists codegrant_session (
    id text primary key not null,
    sealed blob not null,
    version integer not null,
    issued_at integer not null,
    expires_at integer not null,
    entries text not null
);
create index if not exists codegrant_session_expires_at on codegrant_session (expires_at);

create table if not exists codegrant_session_index (
    id text not null,
    entry text not null,
    primary key (id, entry)
) without rowid;
create index if not exists codegrant_session_index_entry on codegrant_session_index (entry);

-- A foreign key would do this only on connections that switch foreign keys on.
create trigger if not exists codegrant_session_gone after delete on codegrant_session
begin
    delete from codegrant_session_index where id = old.id;
end;

create table if not exists codegrant_used (
    id text primary key not null,
    expires_at integer not null
) without rowid;
create index if not exists codegrant_used_expires_at on codegrant_used (expires_at);

insert or ignore into codegrant_migration (version) values (1);
