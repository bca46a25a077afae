import { setTimeout as delay } from 'node:timers/promises';
import type { Endpoint, ServerModule, ServerRequest } from '../contract';
import { type ErrorData, SeamkitError } from '../errors';
import { fingerprint } from '../fingerprint';
import type {
  EndedRequest,
  EnsureReply,
  EnsureRequest,
  ServerIdentity,
  ServerStatus,
  StartOptions,
} from '../protocol/messages';
import { containerContext } from '../runtime/container';
import { processContext } from '../runtime/process';
import type { ServerLog } from '../runtime/server-log';
import { type Ending, ServerStart } from '../runtime/server-start';
import { type ServerUser, takeServerUser } from '../runtime/server-user';
import type { Ledger } from '../system/ledger';
import { withoutPassword } from '../without-password';
import { Names } from './names';
import type { OwnModules } from './own-modules';
import { Pool } from './pool';
import { serviceOf } from './service';
import { sweep } from './sweep';

interface Server {
  key: string;
  identity: ServerIdentity;
  pool: Pool;
  start: ServerStart;
  endpoint: Promise<Endpoint>;
  status: ServerStatus;
  /** Where it ended by itself. */
  ended?: SeamkitError;
  /** Once it is known. */
  url?: string;
  /** By session: one may wait for the same server several times. */
  listeners: Map<string, (notice: string) => void>;
}

/** The keeper's servers: started once for whoever asks, dropped when they end, stopped together. */
export class Servers {
  private readonly running = new Map<string, Server>();
  /** Every server of this keeper's life, for the report. */
  private readonly history: Server[] = [];
  private readonly names: Names;
  /** Once it was needed. */
  private user: ServerUser | undefined;

  constructor(
    private readonly owner: string,
    private readonly ledger: Ledger,
    private readonly data: string,
    private readonly modules: OwnModules,
  ) {
    this.names = new Names(owner);
  }

  /**
   * The server that runs already, or one that is started now. `listen` hears of its progress.
   * @throws SeamkitError `KIT_REFUSED`, and whatever keeps the server from starting
   */
  async ensure(request: EnsureRequest, listen: (notice: string) => void): Promise<EnsureReply> {
    const identity = {
      ...request.identity,
      module: this.modules.resolve(request.identity.module),
    };
    const key = fingerprint(identity);
    let server = this.running.get(key);
    if (!server) {
      server = this.launch(key, identity, request.start);
      this.running.set(key, server);
      this.history.push(server);
    }
    server.listeners.set(request.session, listen);
    const life = this.history.indexOf(server);
    try {
      return { server: key, life, endpoint: await server.endpoint };
    } finally {
      server.listeners.delete(request.session);
    }
  }

  /** @throws SeamkitError `SERVER_ENDED`, or `KEEPER_FAILED` where the server was stopped */
  pool(key: string): Pool {
    const server = this.running.get(key);
    if (server) return server.pool;
    throw this.history.findLast((former) => former.key === key)?.ended ?? stopped();
  }

  /** How a server ended by itself, where it does within `patience` ms. */
  async ended({ life, patience }: EndedRequest): Promise<ErrorData | null> {
    const server = this.history[life];
    await Promise.race([server?.start.ended, delay(patience)]);
    return server?.ended?.toData() ?? null;
  }

  /** A session ended: its sandboxes are free, its exclusive servers are stopped. */
  drop(session: string): void {
    for (const server of this.running.values()) {
      server.pool.drop(session);
      if (server.identity.exclusive?.session === session) this.remove(server);
    }
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.running.values()].map((server) => this.remove(server)));
  }

  get status(): ServerStatus[] {
    return this.history.map(({ status, pool, start }) => ({
      ...status,
      ...pool.counts,
      ...start.parts,
    }));
  }

  runs(key: string): boolean {
    return this.running.get(key)?.status.state === 'running';
  }

  /** With credentials. */
  get urls(): { kit: string; url: string }[] {
    return [...this.running.values()].flatMap(({ identity: { kit }, url }) =>
      url === undefined ? [] : { kit, url },
    );
  }

  /** A kit's logs, of servers that ended too; `ended` is absent for those. */
  logs(kit: string): { lines: ServerLog; ended?: Promise<unknown> }[] {
    return this.history
      .filter(({ identity }) => identity.kit === kit)
      .map(({ start, status }) => ({
        lines: start.logLines,
        ended: status.state === 'ended' ? undefined : start.ended,
      }));
  }

  private launch(key: string, identity: ServerIdentity, options: StartOptions): Server {
    const listeners = new Map<string, (notice: string) => void>();
    const start = new ServerStart(identity.kit, options.startTimeout, (text) => {
      for (const listen of listeners.values()) listen(`${identity.kit}: ${text}`);
    });
    const { kit, runtime } = identity;
    const server: Server = {
      key,
      identity,
      pool: new Pool(this.names),
      start,
      listeners,
      status: {
        key,
        kit,
        runtime,
        state: 'starting',
        startedAt: Date.now(),
        templates: 0,
        sandboxes: 0,
        ...start.parts,
      },
      endpoint: this.start(identity, options, start),
    };
    server.endpoint.then(
      ({ version, url }) => {
        start.deadline.stop();
        server.url = url;
        const { ran, stood } = start.deadline.times;
        Object.assign(server.status, {
          state: 'running',
          version,
          url: withoutPassword(url),
          source: start.source,
          startMs: Math.round(ran),
          setupMs: Math.round(stood),
        });
      },
      () => this.remove(server),
    );
    start.ended.then((ending) => {
      server.ended = hasEnded(server, ending);
      return this.remove(server);
    });
    return server;
  }

  private async start(
    identity: ServerIdentity,
    options: StartOptions,
    start: ServerStart,
  ): Promise<Endpoint> {
    if (identity.url !== undefined) {
      const endpoint = { url: identity.url };
      // What dead runs left there goes in the background, what this one leaves at its end.
      const log = (line: string) => start.log(line);
      void sweep({ module: identity.module, endpoint }, log);
      start.defer(() => sweep({ module: identity.module, endpoint, ended: this.owner }, log));
      return endpoint;
    }
    const { server: module } = require(identity.module) as { server: ServerModule };
    const { version, image, settings } = identity;
    const request = { version, image, settings };
    const own = identity.runtime === 'process' ? this.process : this.container;
    const begin = identity.service ? this.adopt : own;
    try {
      return await Promise.race([
        begin.call(this, module, request, options, start, identity),
        start.failed,
        start.deadline.passed,
      ]);
    } catch (error) {
      // Its processes are gone before anybody hears of it, so that nothing of it is in the way.
      await start.release();
      throw SeamkitError.wrap(error, 'START_FAILED', `${identity.kit} did not start`, {
        log: start.logLines.last(),
        hint: 'read the log lines; if they do not say why, report a bug of the kit',
      });
    }
  }

  private async process(
    module: ServerModule,
    request: ServerRequest,
    { path, from, env }: StartOptions,
    start: ServerStart,
  ): Promise<Endpoint> {
    if (!module.process) throw noSuchRuntime(start.kit, 'process');
    const name = `${start.kit}-${this.history.length}`;
    this.user ??= takeServerUser(this.ledger);
    const { ledger, data, user } = this;
    const runtime = { ledger, name, data, user, path, from, env };
    return module.process(request, processContext(start, runtime));
  }

  private async container(
    module: ServerModule,
    request: ServerRequest,
    { path, from, env }: StartOptions,
    start: ServerStart,
    identity: ServerIdentity,
  ): Promise<Endpoint> {
    if (!module.container) throw noSuchRuntime(start.kit, 'container');
    const { ledger, owner } = this;
    return module.container(
      request,
      containerContext(start, {
        asker: { path, from, env },
        ledger,
        owner,
        module: identity.module,
        options: identity.container ?? {},
      }),
    );
  }

  /** On a service of another server: when that one ends, so does this. */
  private async adopt(
    module: ServerModule,
    _request: ServerRequest,
    _options: StartOptions,
    start: ServerStart,
    identity: ServerIdentity,
  ): Promise<Endpoint> {
    const { of, name } = identity.service!;
    const stack = this.running.get(of);
    if (!stack) throw stopped();
    if (!module.adopt) throw notAdoptable(start.kit);
    stack.start.defer(() => start.end(`what ran ${name} has ended`));
    start.source = `service ${name}`;
    return module.adopt(serviceOf(await stack.endpoint, name), start.context);
  }

  private async remove(server: Server): Promise<void> {
    if (this.running.get(server.key) === server) this.running.delete(server.key);
    server.status.state = 'ended';
    server.pool.end(server.ended ?? stopped());
    await server.start.release();
  }
}

function noSuchRuntime(kit: string, runtime: string): SeamkitError {
  return new SeamkitError('RUNTIME_UNAVAILABLE', `${kit} has no ${runtime} runtime`, {
    hint: 'unset SEAMKIT_RUNTIME, or name another runtime',
  });
}

function hasEnded({ identity: { kit }, start }: Server, { how, hint }: Ending): SeamkitError {
  return new SeamkitError('SERVER_ENDED', `${kit}: the server ended: ${how}`, {
    log: start.logLines.last(),
    hint: hint ?? 'the log lines say why it ended; the next test gets a new server',
  });
}

function stopped(): SeamkitError {
  return new SeamkitError('KEEPER_FAILED', 'the server was stopped', {
    hint: 'run the tests again: the next run starts a new one',
  });
}

function notAdoptable(kit: string): SeamkitError {
  return new SeamkitError('UNSUPPORTED', `${kit} cannot use a service that runs already`, {
    hint: 'give it a server of its own, or its url',
  });
}
