import { createServer, type Server } from 'node:http';
import { setImmediate } from 'node:timers';
import { SeamkitError } from '../errors';
import type { Calls, LogsRequest, SessionRequest } from '../protocol/messages';
import { readRequest } from '../protocol/requests';
import { sendLogs } from './logs';
import type { Servers } from './servers';
import type { Sessions } from './sessions';

interface Keeper {
  workspace: string;
  owner: string;
  servers: Servers;
  sessions: Sessions;
  /** Ends it all. */
  close(): void;
}

export function createApi({ workspace, owner, servers, sessions, close }: Keeper): Server {
  const calls: { [Path in keyof Calls]: (body: Calls[Path][0]) => unknown } = {
    '/ensure': (body) => servers.ensure(body, (notice) => sessions.notify(body.session, notice)),
    '/ended': (body) => servers.ended(body),
    '/lease': ({ session, server, template }) => servers.pool(server).lease(session, template),
    '/spare': ({ session, server, template, spares }) =>
      servers.pool(server).spare(session, template, spares),
    '/template': ({ session, server, template, data, error }) => {
      const pool = servers.pool(server);
      if (error) pool.failed(session, template, error);
      else pool.built(session, template, data!);
    },
    '/sandbox': ({ session, server, name, data }) =>
      servers.pool(server).created(session, name, data),
    '/release': ({ session, server, name, state, templateGone }) =>
      servers.pool(server).release(session, name, state, templateGone),
    '/status': () => ({
      workspace,
      owner,
      pid: process.pid,
      held: sessions.held.map(({ kit }) => kit),
      sessions: sessions.count,
      servers: servers.status,
    }),
    '/hold': ({ session, held }) => sessions.hold(session, held),
    '/urls': () => ({
      held: sessions.held.filter(({ server }) => servers.runs(server)),
      servers: servers.urls,
    }),
    '/down': () => {
      const kits = sessions.letGo().map(({ kit }) => kit);
      // Who says so wants it gone now, rather than warm; after the answer. Whoever began a session
      // in between needs it.
      if (sessions.count === 0) setImmediate(() => sessions.count === 0 && close());
      return { kits, sessions: sessions.count };
    },
  };

  const api = createServer(async (request, response) => {
    const reply = (status: number, body: unknown) => {
      const text = JSON.stringify(body ?? null);
      response.writeHead(status, { 'content-type': 'application/json' });
      // Who still sends has not been read to the end, and will not be.
      response.end(text, () => request.complete || request.destroy());
    };
    try {
      const body = await readRequest(request);
      if (request.url === '/session')
        return sessions.begin(body as SessionRequest, response, owner);
      if (request.url === '/logs') return sendLogs(body as LogsRequest, response, servers);
      const known = Object.hasOwn(calls, request.url!);
      if (!known) throw new SeamkitError('KEEPER_FAILED', `the keeper has no call ${request.url}`);
      const call = calls[request.url as keyof Calls] as (body: unknown) => unknown;
      if (body && !sessions.has((body as { session: string }).session)) {
        throw new SeamkitError('KEEPER_FAILED', 'this session has ended');
      }
      reply(200, await call(body));
    } catch (error) {
      reply(500, SeamkitError.wrap(error, 'KEEPER_FAILED', 'the keeper failed').toData());
    }
  });
  // A call may wait for a download; a session lasts as long as its worker.
  api.requestTimeout = 0;
  api.headersTimeout = 0;
  api.timeout = 0;
  return api;
}
