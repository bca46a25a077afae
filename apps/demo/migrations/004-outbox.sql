-- What happened, written in the transaction in which it happened, until the broker has it.
create table outbox (
  id integer primary key generated always as identity,
  type text not null,
  payload jsonb not null
);
