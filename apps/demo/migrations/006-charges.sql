-- A charge whose outcome is not known yet, written before it is asked for: while there is one, it is
-- asked for again under the same key, and the order is not cancelled.
alter table orders
  add column charge_key uuid,
  add column charge_card text,
  add check ((charge_key is null) = (charge_card is null));
