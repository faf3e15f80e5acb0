-- Which sealed sessions are over. A number is never given twice, also after the last one was swept.
create table if not exists codegrant_revocation (
    number integer primary key autoincrement,
    entry text not null,
    issued_by integer not null,
    started_by integer not null,
    expires_at integer not null
);
create index if not exists codegrant_revocation_expires_at on codegrant_revocation (expires_at);

insert or ignore into codegrant_migration (version) values (2);
