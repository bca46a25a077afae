-- A client that does not know whether its order arrived sends it again under the same key.
create table order_keys (
  key text primary key,
  request jsonb not null,
  order_id integer references orders on delete cascade
);
