import type { NatsConnection } from '@nats-io/transport-node';
import { type Endpoint, type SandboxId, SeamkitError } from '@seamkit/core';
import { call, type NatsAccess } from './connection';

/** One of the accounts that the server's configuration names, and the sandbox or template it is for. */
export type Place = { account: string; name: string };

const takenByOther = 10058;

/** How tests reach an account: without credentials where the server is for one file alone. */
export function accessTo(endpoint: Endpoint, account: string): { url: string; access: NatsAccess } {
  const { host } = new URL(endpoint.url);
  if (endpoint.accounts === 1) return { url: `nats://${host}`, access: { servers: host } };
  const pass = String(endpoint.password);
  const url = `nats://${account}:${pass}@${host}`;
  return { url, access: { servers: host, user: account, pass } };
}

/** Takes an account that nobody has: a stream in the kit's own account, by its name, tells who has it. */
export async function claim(
  line: NatsConnection,
  accounts: number,
  { name, index }: SandboxId,
): Promise<Place> {
  for (let tries = 0; tries < accounts; tries++) {
    const account = `account${1 + ((index + tries) % accounts)}`;
    const config = { name: account, subjects: [account], description: name };
    const error = await call(line, `STREAM.CREATE.${account}`, config).then(
      () => undefined,
      (reason) => reason,
    );
    if (!error) return { account, name };
    if (error.code !== takenByOther) throw error;
  }
  throw new SeamkitError('UNSUPPORTED', `all ${accounts} accounts of the NATS server are in use`, {
    hint: 'end the run (seamkit down) and begin another',
  });
}

/** Whether the account is still this sandbox's or template's. */
export async function holds(line: NatsConnection, { account, name }: Place): Promise<boolean> {
  const stream = await call(line, `STREAM.INFO.${account}`).catch(() => undefined);
  return stream?.config.description === name;
}
