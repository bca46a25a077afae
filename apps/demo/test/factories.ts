import { faker } from '@faker-js/faker/locale/en';
import { Factory } from 'fishery';
import type { Pool } from 'pg';
import { placeOrder } from '../src/orders/place-order';
import type { NewOrder, Order } from '../src/orders/schema';
import type { NewProduct, Product } from '../src/products/schema';
import { createProduct } from '../src/products/store';
import type { NewUser, User } from '../src/users/schema';
import { createUser } from '../src/users/store';

// What a request would say. A test names the fields that it is about; the rest is any valid data.

export const newUser = Factory.define<NewUser, unknown, User>(({ sequence }) => ({
  email: `customer-${sequence}@example.com`,
  name: faker.person.fullName(),
}));

export const newProduct = Factory.define<NewProduct, unknown, Product>(() => ({
  name: faker.commerce.productName(),
  priceCents: faker.number.int({ min: 100, max: 50_000 }),
  stock: faker.number.int({ min: 100, max: 500 }),
}));

/** What a test finds in the database: `await given(env).users.create({ name: 'Ada' })`. */
export function given({ db: { pool } }: { db: { pool: Pool } }) {
  const users = newUser.onCreate((user) => createUser(pool, user));
  const products = newProduct.onCreate((product) => createProduct(pool, product));
  /** An order of one user for one product, unless the test says otherwise. */
  const order = async (changes: Partial<NewOrder> = {}): Promise<Order> =>
    placeOrder(pool, {
      userId: changes.userId ?? (await users.create()).id,
      items: changes.items ?? [{ productId: (await products.create()).id, quantity: 1 }],
    });
  return { users, products, order };
}
