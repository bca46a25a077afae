import type { Database } from '../database';
import { notFound, Refusal, refuse } from '../errors';
import type { Page } from '../schema';
import type { NewUser, User, UserChanges } from './schema';

const columns = 'id, email, name, created_at as "createdAt"';

export async function createUser(db: Database, { email, name }: NewUser): Promise<User> {
  const { rows } = await uniqueEmail(
    db.query(`insert into users (email, name) values ($1, $2) returning ${columns}`, [email, name]),
  );
  return rows[0];
}

export async function readUser(db: Database, id: number): Promise<User> {
  const { rows } = await db.query(`select ${columns} from users where id = $1`, [id]);
  return rows[0] ?? missing(id);
}

export async function listUsers(db: Database, { after, limit }: Page): Promise<User[]> {
  const { rows } = await db.query(
    `select ${columns} from users where id > $1 order by id limit $2`,
    [after, limit + 1],
  );
  return rows;
}

export async function updateUser(db: Database, id: number, changes: UserChanges): Promise<User> {
  const { rows } = await uniqueEmail(
    db.query(
      `update users set email = coalesce($2, email), name = coalesce($3, name)
       where id = $1 returning ${columns}`,
      [id, changes.email, changes.name],
    ),
  );
  return rows[0] ?? missing(id);
}

export async function deleteUser(db: Database, id: number): Promise<void> {
  const { rowCount } = await refuse(
    'orders_user',
    new Refusal(409, `user ${id} has orders`),
    db.query('delete from users where id = $1', [id]),
  );
  if (!rowCount) missing(id);
}

const uniqueEmail = <R>(query: Promise<R>): Promise<R> =>
  refuse('users_email', new Refusal(409, 'another user has this e-mail', 'email'), query);

function missing(id: number): never {
  throw notFound('user', id);
}
