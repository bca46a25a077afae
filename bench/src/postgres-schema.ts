import { Client } from 'pg';

/** A `prepare` that makes tables with keys, indexes and references, some of them with rows. */
export function filler(tables: number) {
  return async (url: string) => {
    const client = new Client(url);
    await client.connect();
    for (let index = 0; index < tables; index++) {
      const reference = index ? `, parent_id int REFERENCES t${index - 1}` : '';
      await client.query(
        `CREATE TABLE t${index} (id serial PRIMARY KEY, name text NOT NULL, at timestamptz DEFAULT now()${reference})`,
      );
      await client.query(`CREATE INDEX ON t${index} (name)`);
      if (index % 5 === 0) {
        await client.query(
          `INSERT INTO t${index} (name) SELECT 'row ' || n FROM generate_series(1, 5) n`,
        );
      }
    }
    await client.end();
  };
}
