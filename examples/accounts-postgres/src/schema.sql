-- The app's own tables. Whoever logs in is found by the issuer and the subject, which never change hands;
-- names and addresses are for display.
create table if not exists account (
    id bigint generated always as identity primary key,
    name text not null,
    created_at timestamptz not null default now()
);

create table if not exists identity (
    issuer text not null,
    subject text not null,
    account bigint not null references account on delete cascade,
    provider text not null,
    label text not null,
    linked_at timestamptz not null default now(),
    primary key (issuer, subject)
);

create index if not exists identity_of_account on identity (account);

create table if not exists role (
    account bigint not null references account on delete cascade,
    role text not null,
    primary key (account, role)
);
