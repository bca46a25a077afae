import { SeamkitError } from '../errors';
import { findWorkspace } from '../project/workspace';
import { call } from '../protocol/call';
import { neighbours } from '../protocol/keepers';
import { serverKits } from './installed-kits';
import type { Result } from './output';

/**
 * `seamkit url <kit>`: of what `up` holds; with `admin` the administrator's, of any server of the kit
 * that runs in this workspace.
 */
export async function url(kit: string, { admin = false }): Promise<Result> {
  const found = await neighbours(findWorkspace());
  const replies = await Promise.all(found.map(({ socket }) => call(socket, '/urls', null)));
  const places = replies.flatMap(({ held, servers }) => (admin ? servers : held));
  const place = places.find((one) => one.kit === kit);
  if (place) return { data: { kit, url: place.url }, lines: [place.url] };
  serverKits([kit]);
  const runs = !admin && replies.some(({ servers }) => servers.some((one) => one.kit === kit));
  throw new SeamkitError(
    'NOT_STARTED',
    runs ? `${kit} runs for tests only` : `no ${kit} server runs in this workspace`,
    {
      hint: `seamkit up ${kit}${runs ? `; or the administrator's url: seamkit url ${kit} --admin` : ''}`,
    },
  );
}
