create table products (
  id integer primary key generated always as identity,
  name text not null,
  price_cents integer not null check (price_cents >= 0),
  stock integer not null check (stock >= 0),
  created_at timestamptz not null default now()
);
