create table orders (
  id integer primary key generated always as identity,
  user_id integer not null constraint orders_user references users,
  status text not null default 'placed' check (status in ('placed', 'paid', 'cancelled')),
  total_cents integer not null check (total_cents >= 0),
  created_at timestamptz not null default now()
);

create index orders_by_user on orders (user_id, id);

-- The price is copied: an order keeps what its items cost on the day it was placed.
create table order_items (
  order_id integer not null references orders on delete cascade,
  product_id integer not null constraint order_items_product references products,
  quantity integer not null check (quantity > 0),
  unit_price_cents integer not null,
  primary key (order_id, product_id)
);

create index order_items_by_product on order_items (product_id);
