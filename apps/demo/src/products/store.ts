import type { Database } from '../database';
import { notFound, Refusal, refuse } from '../errors';
import type { Page } from '../schema';
import type { NewProduct, Product, ProductChanges } from './schema';

const columns = 'id, name, price_cents as "priceCents", stock, created_at as "createdAt"';

export async function createProduct(
  db: Database,
  { name, priceCents, stock }: NewProduct,
): Promise<Product> {
  const { rows } = await db.query(
    `insert into products (name, price_cents, stock) values ($1, $2, $3) returning ${columns}`,
    [name, priceCents, stock],
  );
  return rows[0];
}

export async function readProduct(db: Database, id: number): Promise<Product> {
  const { rows } = await db.query(`select ${columns} from products where id = $1`, [id]);
  return rows[0] ?? missing(id);
}

export async function listProducts(db: Database, { after, limit }: Page): Promise<Product[]> {
  const { rows } = await db.query(
    `select ${columns} from products where id > $1 order by id limit $2`,
    [after, limit + 1],
  );
  return rows;
}

export async function updateProduct(
  db: Database,
  id: number,
  { name, priceCents, stock }: ProductChanges,
): Promise<Product> {
  const { rows } = await db.query(
    `update products set name = coalesce($2, name), price_cents = coalesce($3, price_cents),
       stock = coalesce($4, stock)
     where id = $1 returning ${columns}`,
    [id, name, priceCents, stock],
  );
  return rows[0] ?? missing(id);
}

export async function deleteProduct(db: Database, id: number): Promise<void> {
  const { rowCount } = await refuse(
    'order_items_product',
    new Refusal(409, `product ${id} has been ordered`),
    db.query('delete from products where id = $1', [id]),
  );
  if (!rowCount) missing(id);
}

function missing(id: number): never {
  throw notFound('product', id);
}
