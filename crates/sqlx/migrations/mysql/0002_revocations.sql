-- Which sealed sessions are over.
create table if not exists codegrant_revocation (
    number bigint not null auto_increment primary key,
    entry varchar(128) not null,
    issued_by bigint not null,
    started_by bigint not null,
    expires_at bigint not null,
    key codegrant_revocation_expires_at (expires_at)
) engine = InnoDB default character set ascii collate ascii_bin;

-- Its one row is locked while a revocation is written, so that they become visible in the order of their numbers.
create table if not exists codegrant_revocation_order (
    only_row integer not null primary key
) engine = InnoDB;
insert ignore into codegrant_revocation_order (only_row) values (1);

insert ignore into codegrant_migration (version) values (2);
