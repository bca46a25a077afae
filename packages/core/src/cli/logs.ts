import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { SeamkitError } from '../errors';
import { findWorkspace } from '../project/workspace';
import { send, unlessSilent } from '../protocol/call';
import { neighbours } from '../protocol/keepers';
import type { ServerLogLine } from '../protocol/messages';
import { serverKits } from './installed-kits';
import { paint, type Result } from './output';

/**
 * `seamkit logs <kit>`: the last lines (up to 2,000) of a kit's servers, ended ones too as long as
 * their keeper lives. With `follow` until they end. As JSON one object a line while it follows.
 */
export async function logs(
  kit: string,
  { follow = false },
  json: boolean,
): Promise<Result | undefined> {
  const found = await neighbours(findWorkspace());
  const keeper = found.find(({ status }) => status.servers.some((server) => server.kit === kit));
  if (!keeper) {
    serverKits([kit]);
    throw new SeamkitError('NOT_STARTED', `no ${kit} server runs in this workspace`, {
      hint: `seamkit up ${kit}; or run this while tests run`,
    });
  }
  const several = keeper.status.servers.filter((server) => server.kit === kit).length > 1;
  const stream = await unlessSilent(keeper.socket, () =>
    send(keeper.socket, '/logs', JSON.stringify({ kit, follow })),
  );
  if (!follow) {
    const lines = (await text(stream)).split('\n').filter(Boolean).map(parse);
    return { data: { kit, lines }, lines: lines.map((line) => render(line, several)) };
  }
  const reader = createInterface({ input: stream });
  reader.on('error', () => {}); // the keeper has gone, and 'close' comes too
  stream.on('error', () => {});
  process.stdout.on('error', () => process.exit()); // whoever read has gone: `| head`
  reader.on('line', (line) =>
    process.stdout.write(`${json ? line : render(parse(line), several)}\n`),
  );
  await new Promise((resolve) => reader.once('close', resolve));
  return undefined;
}

function parse(line: string): ServerLogLine {
  return JSON.parse(line);
}

function render({ at, server, text }: ServerLogLine, several: boolean): string {
  const time = new Date(at).toISOString().slice(11, 23);
  return `${paint('dim', several ? `${time} #${server}` : time)} ${text}`;
}
