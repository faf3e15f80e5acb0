-- Sessions, what finds them, and which transactions are used.
create table if not exists codegrant_migration (
    version integer not null primary key,
    applied_at timestamp not null default current_timestamp
) engine = InnoDB;

-- All moments are seconds since the Unix epoch. Names are compared byte by byte.
create table if not exists codegrant_session (
    id varchar(128) not null primary key,
    sealed mediumblob not null,
    version bigint not null,
    issued_at bigint not null,
    expires_at bigint not null,
    entries text not null,
    key codegrant_session_expires_at (expires_at)
) engine = InnoDB default character set ascii collate ascii_bin;

create table if not exists codegrant_session_index (
    id varchar(128) not null,
    entry varchar(128) not null,
    primary key (id, entry),
    key codegrant_session_index_entry (entry),
    constraint codegrant_session_index_id foreign key (id) references codegrant_session (id) on delete cascade
) engine = InnoDB default character set ascii collate ascii_bin;

create table if not exists codegrant_used (
    id varchar(128) not null primary key,
    expires_at bigint not null,
    key codegrant_used_expires_at (expires_at)
) engine = InnoDB default character set ascii collate ascii_bin;

insert ignore into codegrant_migration (version) values (1);
