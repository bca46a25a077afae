import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type SeamkitError } from '@seamkit/core';
import { openServer } from '@seamkit/core/inspect';
import { type PostgresOptions, postgres } from '@seamkit/postgres';
import { Client } from 'pg';
import { connected } from './database-state';

/** A server of this file's own, since it looks at all that is there. */
const settings = { 'test.file': 'prepare' };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seamkit-postgres-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  jest.restoreAllMocks();
});

function file(name: string, ...lines: string[]): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, lines.join('\n'));
  return path;
}

async function refusal(options: PostgresOptions): Promise<SeamkitError> {
  try {
    await using _ = await open({ db: postgres({ ...options, settings }) });
  } catch (error) {
    return error as SeamkitError;
  }
  throw new Error('it was not refused');
}

/** The databases of ours on the server, by somebody who is not a client of the kit. */
async function databases(): Promise<string[]> {
  const server = await openServer(postgres({ settings }));
  try {
    return await connected(server.endpoint.url, async (client) => {
      const { rows } = await client.query(
        "SELECT datname FROM pg_database WHERE datname LIKE 'seamkit%' ORDER BY 1",
      );
      return rows.map(({ datname }) => datname);
    });
  } finally {
    await server.close();
  }
}

const log = async (options: PostgresOptions) => {
  await using env = await open({ db: postgres({ ...options, settings }) });
  return (await env.db.query('SELECT * FROM log')).map(({ entry }) => entry);
};

describe('migrations', () => {
  test('are applied in the order of their names, numbers by value, folders included', async () => {
    file('10_last.sql', "INSERT INTO log VALUES ('10')");
    file('1_first.sql', 'CREATE TABLE log (entry text)');
    file('2_next/migration.sql', "INSERT INTO log VALUES ('2')");
    file('2_next/notes.txt', 'no SQL');
    expect(await log({ prepare: { migrations: folder } })).toEqual(['2', '10']);
  });

  test('are not undone: files and sections of the way back are left out', async () => {
    file('1_a.up.sql', 'CREATE TABLE log (entry text)');
    file('1_a.down.sql', 'DROP TABLE log');
    file(
      '2_b.sql',
      '-- migrate:up',
      "INSERT INTO log VALUES ('b');",
      '-- migrate:down',
      'DROP TABLE log;',
    );
    file(
      '3_c.sql',
      '-- +goose Up',
      "INSERT INTO log VALUES ('c');",
      '-- +goose Down',
      'DROP TABLE log;',
    );
    file(
      '4_d.sql',
      '-- Up Migration',
      "INSERT INTO log VALUES ('d');",
      '-- Down Migration',
      'DROP TABLE log;',
    );
    expect(await log({ prepare: { migrations: folder } })).toEqual(['b', 'c', 'd']);
  });

  test('keep their session settings to themselves', async () => {
    file(
      '1.sql',
      'CREATE TABLE public.log (entry text);',
      "SELECT set_config('search_path', '', false);",
    );
    file('2.sql', "INSERT INTO log VALUES ('found')");
    expect(await log({ prepare: { migrations: folder } })).toEqual(['found']);
  });

  test('are run again when a file changed', async () => {
    const path = file('1.sql', "CREATE TABLE log AS SELECT 'before' AS entry");
    expect(await log({ prepare: [path] })).toEqual(['before']);
    file('1.sql', "CREATE TABLE log AS SELECT 'after' AS entry");
    expect(await log({ prepare: [path] })).toEqual(['after']);
  });

  test.each([
    [
      'a syntax error',
      ['CREATE TABLE a (x int);', '', "SELECT 'ö', 'ä';", 'CREATE TABEL b ();'],
      4,
      'TABEL',
    ],
    [
      'an error of the data, which has no position',
      [
        'CREATE TABLE a (x int UNIQUE);',
        '/* ; */ INSERT INTO a VALUES (1); -- ; x',
        "SELECT $$;$$, ';''', \";\", E'\\';' FROM (SELECT 1 AS \";\") t;",
        '',
        'INSERT INTO a',
        '  VALUES (1);',
      ],
      5,
      'duplicate key',
    ],
    ['an error in a DO block', ['DO $$ BEGIN', 'PERFORM 1 / 0;', 'END $$;'], 1, 'division by zero'],
  ])('%s names the file and the line, which it quotes', async (_, lines, line, words) => {
    const path = file('7_broken.sql', ...lines);
    const before = await databases();
    const error = await refusal({ prepare: [path] });
    expect(error.code).toBe('PREPARE_FAILED');
    const quoted = lines[line - 1]!.trim();
    expect(error.message).toContain(`7_broken.sql:${line}: “${quoted}”: `);
    expect(error.message).toContain(words);
    expect(error.cause).toHaveProperty('severity', 'ERROR');
    expect(await databases()).toEqual(before);
  });

  test.each([
    ['a command of psql', ['\\connect other'], 'commands of psql'],
    [
      'COPY from standard input',
      ['CREATE TABLE a (x int);', 'COPY a FROM stdin;', '1', '\\.'],
      'psql',
    ],
  ])('%s gets a hint', async (_, lines, hint) => {
    const error = await refusal({ prepare: [file('dump.sql', ...lines)] });
    expect(error.code).toBe('PREPARE_FAILED');
    expect(error.hint).toContain(hint);
  });

  test('that are no text are refused before anything starts, with the line', () => {
    const path = file('binary.sql', 'SELECT 1;', 'SELECT \0;');
    expect(() => postgres({ prepare: [path] })).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('binary.sql:2'),
      }),
    );
    writeFileSync(path, Buffer.from([0x53, 0xff, 0xfe]));
    expect(() => postgres({ prepare: [path] })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
    expect(() => postgres({ prepare: { migrations: join(folder, 'nowhere') } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
    mkdirSync(join(folder, 'empty'));
    expect(() => postgres({ prepare: { migrations: join(folder, 'empty') } })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });
});

describe('a prepare function', () => {
  test('that throws is the cause, and leaves no database behind', async () => {
    const before = await databases();
    const cause = new Error('broken on purpose');
    const error = await refusal({
      prepare: async (url) => {
        await connected(url, (client) => client.query('CREATE TABLE half (x int)'));
        throw cause;
      },
      key: 'throws',
    });
    expect(error.code).toBe('PREPARE_FAILED');
    expect(error.cause).toBe(cause);
    expect(await databases()).toEqual(before);
  });

  test('that hangs is ended, with its connection', async () => {
    const before = await databases();
    const warned = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const client: { code?: string } = {};
    const error = await refusal({
      prepare: async (url) => {
        const hanging = new Client(url);
        hanging.on('error', () => {});
        await hanging.connect();
        await hanging.query('SELECT pg_sleep(600)').catch(({ code }) => {
          client.code = code;
        });
      },
      prepareTimeout: 5_000, // enough to connect and begin, be the machine as busy as it may
      key: 'hangs',
    });
    expect(error.code).toBe('PREPARE_TIMEOUT');
    expect(client.code).toBe('57P01');
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('pg_sleep(600)'));
    expect(await databases()).toEqual(before);
  });

  test('that leaves a client open works all the same, and is told', async () => {
    const warned = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await using env = await open({
      db: postgres({
        prepare: async (url) => {
          const forgotten = new Client({ connectionString: url, application_name: 'forgotten' });
          forgotten.on('error', () => {});
          await forgotten.connect();
          await forgotten.query("CREATE TABLE log AS SELECT 'x' AS entry");
        },
        key: 'forgets',
        settings,
      }),
    });
    expect(await env.db.query('SELECT * FROM log')).toEqual([{ entry: 'x' }]);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('forgotten'));
  });

  test('may alter its database: clones have the same settings, owner and grants', async () => {
    const role = `seamkit_test_owner_${process.pid}`;
    const server = await openServer(postgres({ settings }));
    const admin = (sql: string) => connected(server.endpoint.url, (client) => client.query(sql));
    await admin(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    const env = await open({
      db: postgres({
        prepare: (url) =>
          connected(url, async (client) => {
            const { rows } = await client.query('SELECT quote_ident(current_database()) AS name');
            const [{ name }] = rows;
            await client.query(`CREATE SCHEMA app; CREATE SCHEMA "Odd, one"`);
            await client.query(`ALTER DATABASE ${name} SET search_path = app, "Odd, one", "$user"`);
            await client.query(`ALTER DATABASE ${name} SET app.greeting = 'it''s "fine", $1'`);
            await client.query(`ALTER ROLE ${role} IN DATABASE ${name} SET work_mem = '1MB'`);
            await client.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
            await client.query('SET default_transaction_read_only = off');
            await client.query(`REVOKE ALL ON DATABASE ${name} FROM public`);
            await client.query(`GRANT CONNECT ON DATABASE ${name} TO ${role}`);
          }),
        key: role,
        settings,
      }),
    });
    try {
      const clone = async () => {
        const [row] = await env.db.query(
          `SELECT current_setting('search_path') AS path, current_setting('app.greeting') AS greeting,
             current_setting('default_transaction_read_only') AS only,
             has_database_privilege($1, current_database(), 'CONNECT') AS connect,
             has_database_privilege($1, current_database(), 'TEMP') AS temp`,
          [role],
        );
        const own = new URL(env.db.url);
        own.username = role;
        own.password = 'x';
        const { rows } = await connected(own.href, (client) => client.query('SHOW work_mem'));
        return { ...row, ...rows[0] };
      };
      const expected = {
        path: 'app, "Odd, one", "$user"',
        greeting: 'it\'s "fine", $1',
        only: 'on',
        connect: true,
        temp: false,
        work_mem: '1MB',
      };
      expect(await clone()).toEqual(expected);
      await env.db.query('BEGIN READ WRITE; CREATE TABLE app.extra (); COMMIT');
      await env.db.reset();
      expect(await clone()).toEqual(expected);
    } finally {
      await env.close();
      await server.close();
    }
  });
});

describe('extensions', () => {
  test('are there before prepare', async () => {
    await using env = await open({
      db: postgres({
        extensions: ['citext', 'earthdistance'], // needs cube
        settings,
        prepare: (url) =>
          connected(url, (client) => client.query('CREATE TABLE words (word citext, at earth)')),
      }),
    });
    expect(await env.db.query('SELECT * FROM words')).toEqual([]);
  });

  test('that the server lacks are named', async () => {
    const before = await databases();
    const error = await refusal({ extensions: ['no_such_extension'] });
    expect(error.code).toBe('SERVER_MISMATCH');
    expect(error.message).toContain('no_such_extension');
    expect(await databases()).toEqual(before);
  });
});
