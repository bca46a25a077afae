create table users (
  id integer primary key generated always as identity,
  email text not null,
  name text not null,
  created_at timestamptz not null default now()
);

-- ada@example.com and Ada@Example.com are one mailbox.
create unique index users_email on users (lower(email));
