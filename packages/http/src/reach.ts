import { Socket, type TcpSocketConnectOpts } from 'node:net';
import * as tls from 'node:tls';
import { runInThisContext } from 'node:vm';
import { SeamkitError } from '@seamkit/core';

/** What one open sandbox does to the connections of this process. Plain data and one function. */
export interface Claim {
  /** Host and port, `api.stripe.com:443`, to the port of the stub on 127.0.0.1. */
  redirects: ReadonlyMap<string, number>;
  /** The stub's authority in PEM, and the hosts that it vouches for. */
  trusts?: { ca: string; hosts: readonly string[] };
  /** Other hosts that may be connected to; `true`: all. */
  allows: true | readonly string[];
  /** Told of each connection that was refused, as `host:port`. */
  onRefused(target: string): void;
}

interface Reach {
  readonly claims: Claim[];
  readonly connect: Socket['connect'];
  readonly createSecureContext: typeof tls.createSecureContext;
  undo(): void;
}

/**
 * Kept on the prototype that it changes, because test files each load their own copy of this
 * module while all of them share Node's.
 */
const slot = Symbol.for('seamkit.http.reach');
const prototype = Socket.prototype as Socket & { [slot]?: Reach };

/**
 * Brings every TCP connection of this process under `claim`, until the returned function is called
 * (idempotent). Where several sandboxes are open, the newest that redirects a target has it, and
 * what one of them allows is allowed. Loopback and unix sockets are never touched otherwise.
 */
export function claimConnections(claim: Claim): () => void {
  prototype[slot] ??= install();
  const reach = prototype[slot];
  reach.claims.push(claim);
  return () => {
    const index = reach.claims.indexOf(claim);
    if (index >= 0) reach.claims.splice(index, 1);
    if (reach.claims.length === 0 && prototype[slot] === reach) {
      delete prototype[slot];
      reach.undo();
    }
  };
}

/** Connects past all claims: for recording from the real server. */
export function connectForReal(host: string, port: number, secure: boolean): Socket {
  const connect = prototype[slot]?.connect ?? prototype.connect;
  const createSecureContext = prototype[slot]?.createSecureContext ?? tls.createSecureContext;
  const socket = new Socket();
  Reflect.apply(connect, socket, [{ host, port }]);
  if (!secure) return socket;
  return tls.connect({ socket, servername: host, secureContext: createSecureContext({}) });
}

function install(): Reach {
  const { connect } = prototype;
  const { createSecureContext } = tls;
  const claims: Claim[] = [];

  const claimedConnect = function (this: Socket, ...args: any[]): Socket {
    const { options, callback } = readArguments(args);
    const target = options && targetOf(options);
    if (!target) return Reflect.apply(connect, this, args);
    const { host, port } = target;
    const name = `${host}:${port}`;
    const stub = claims.findLast(({ redirects }) => redirects.has(name))?.redirects.get(name);
    if (stub !== undefined) {
      return Reflect.apply(connect, this, [{ ...here(options), port: stub }, callback]);
    }
    if (isLoopback(host) || claims.length === 0 || claims.some((claim) => permits(claim, host))) {
      return Reflect.apply(connect, this, args);
    }
    for (const { onRefused } of claims) onRefused(name);
    const error = refusal(host, name);
    // Fails as an unknown host does, so that the client goes its usual way.
    const lookup = (_: string, __: object, done: (error: Error) => void) =>
      process.nextTick(done, error);
    return Reflect.apply(connect, this, [{ host: 'refused.invalid', port, lookup }, callback]);
  } as Socket['connect'];

  const claimedContext: typeof createSecureContext = (options = {}) => {
    // Clients hand all their connection's options through; servers and prepared contexts do not.
    const { host, servername } = options as tls.ConnectionOptions;
    const unnamed = host === undefined && servername === undefined;
    const context = createSecureContext(options);
    for (const { trusts } of claims) {
      if (!trusts) continue;
      const named = [clean(host), clean(servername)].some((name) => trusts.hosts.includes(name!));
      if (unnamed || named) context.context.addCACert(trusts.ca);
    }
    return context;
  };

  prototype.connect = claimedConnect;
  setSecureContext(claimedContext);
  return {
    claims,
    connect,
    createSecureContext,
    undo() {
      // Whoever changed them after us keeps working: without claims, ours only pass on.
      if (prototype.connect === claimedConnect) prototype.connect = connect;
      if (tls.createSecureContext === claimedContext) setSecureContext(createSecureContext);
    },
  };
}

/**
 * The error of a refused connection. Node's clients wrap what is no `Error` of their own realm, and
 * its `code` is lost then; a test file of Jest has a realm of its own.
 */
function refusal(host: string, target: string): Error {
  const error = new SeamkitError('EXPECTATION_FAILED', `no connection to ${target} from a test`, {
    hint: `declare it: origins: ['https://${host}'], or allowNetwork: ['${host}']`,
  });
  const NodesError = runInThisContext('Error') as ErrorConstructor;
  return Object.assign(new NodesError(error.message), error.toData());
}

function setSecureContext(create: typeof tls.createSecureContext): void {
  (require('node:tls') as { createSecureContext: typeof create }).createSecureContext = create;
}

/** The same connection, to this machine: what spoke of the way to the other one is left out. */
function here(options: TcpSocketConnectOpts): object {
  const { family, lookup, localAddress, localPort, ...rest } = options;
  return { ...rest, host: '127.0.0.1' };
}

/** `connect` takes (options, callback), (port, host, callback), (path, callback), or one array of the first. */
function readArguments(args: readonly any[]): {
  options?: TcpSocketConnectOpts;
  callback?: () => void;
} {
  const given: readonly any[] = Array.isArray(args[0]) ? args[0] : args;
  const [first, second] = given;
  const callback = given.findLast((item) => typeof item === 'function');
  if (typeof first === 'object' && first !== null) return { options: first, callback };
  if (typeof first === 'function' || Number.isNaN(Number(first))) return {}; // a path
  const host = typeof second === 'string' ? second : undefined;
  return { options: { port: Number(first), host }, callback };
}

function targetOf(options: TcpSocketConnectOpts): { host: string; port: number } | undefined {
  const { host, port, path } = options as TcpSocketConnectOpts & { path?: string | null };
  if (path) return undefined;
  return { host: clean(host ?? 'localhost') ?? '', port: Number(port) };
}

/** Lower case, without the brackets of IPv6 and the dot of the root. */
function clean(host: string | undefined): string | undefined {
  return host?.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}

function isLoopback(host: string): boolean {
  return (
    /^(127\.\d+\.\d+\.\d+|::1|0\.0\.0\.0|::|(.+\.)?localhost|)$/.test(host) ||
    host.startsWith('::ffff:127.')
  );
}

function permits({ allows }: Claim, host: string): boolean {
  return allows === true || allows.some((allowed) => clean(allowed) === host);
}
