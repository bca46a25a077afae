import type { ContainerOptions, Endpoint, Json, RuntimeName, SandboxId } from '../contract';
import type { ErrorData } from '../errors';

/** What makes a server that one and no other. Equal identities share a server. */
export interface ServerIdentity {
  kit: string;
  runtime: RuntimeName;
  /** Absolute path of the kit's server module. */
  module: string;
  version?: string;
  image?: string;
  /** How its container is run. */
  container?: ContainerOptions;
  /** `SEAMKIT_<KIT>_BIN`, where a program is forced. */
  program?: string;
  settings: { [key: string]: Json };
  /** The external server's url. */
  url?: string;
  /** The service that it is: the key of the server that has it, and its name there. */
  service?: { of: string; name: string };
  /** The only session, and the only boundary of it, that may use it; it ends with that session. */
  exclusive?: { session: string; boundary: string };
}

/** How to start it here; the first caller decides. */
export interface StartOptions {
  /** ms. */
  startTimeout: number;
  /** The asking process' PATH and working folder, to find programs as it would. */
  path: string;
  from: string;
  /** Its SEAMKIT_… variables: which program, and whether it may be downloaded. */
  env: Record<string, string>;
}

/** Begins a session. */
export interface SessionRequest {
  /** Identity of the runner's process; a session ends with it, though a worker may live on. */
  runner?: string;
}

/** First line of a session's stream; then come notices, for as long as the session lives. */
export interface Hello {
  session: string;
  /** The run: the keeper's own name, part of every sandbox's. */
  owner: string;
}

export type Notice = { notice: string };

export interface EnsureRequest {
  session: string;
  identity: ServerIdentity;
  start: StartOptions;
}

export interface EnsureReply {
  /** The server's key, for the calls below. */
  server: string;
  /** Which of the servers that had this key: it tells one that ended from its successor. */
  life: number;
  endpoint: Endpoint;
}

/** Asks how a server ended by itself; null where it has not. */
export interface EndedRequest {
  session: string;
  life: number;
  /** ms to wait for it: who talks to a server hears of its end before the keeper does. */
  patience: number;
}

export interface LeaseRequest {
  session: string;
  server: string;
  template: string;
}

/** Asks for a sandbox to create ahead of need; null where `spares` free ones are there already. */
export interface SpareRequest extends LeaseRequest {
  spares: number;
}

/**
 * What a lease gives:
 * - `template`: nobody has made it; make it under this name, report to `/template`, lease again;
 * - `new`: nothing is free; create a sandbox under this name and report to `/sandbox`;
 * - `clean`, `dirty`: a sandbox that is free; dirty when its last holder died with it.
 */
export type Lease =
  | { state: 'template'; id: SandboxId }
  | { state: 'new'; id: SandboxId; template: Json; discard: Discarded[] }
  | {
      state: 'clean' | 'dirty';
      id: SandboxId;
      sandbox: Json;
      template: Json;
      discard: Discarded[];
    };

/** A template that nobody has used for long, and its sandboxes: to be destroyed by who gets it. */
export interface Discarded {
  template: Json;
  sandboxes: Json[];
}

/** The template is made (`data`), or could not be made (`error`). */
export interface TemplateReport {
  session: string;
  server: string;
  template: string;
  data?: Json;
  error?: ErrorData;
}

export interface SandboxReport {
  session: string;
  server: string;
  name: string;
  /** What the kit needs to find the sandbox again. */
  data: Json;
}

export interface ReleaseRequest {
  session: string;
  server: string;
  name: string;
  /** Whether it is at its baseline, or gone. */
  state: 'clean' | 'dirty' | 'gone';
  /** Its template is gone from the server, too. */
  templateGone?: boolean;
}

/** A sandbox that `seamkit up` leaves to the keeper, and how to reach it. Holds credentials. */
export interface HeldSandbox {
  kit: string;
  /** The server's key. */
  server: string;
  runtime: RuntimeName;
  version?: string;
  url: string;
  /** The url and what else the kit tells, as environment variables. */
  variables: Record<string, string>;
}

/** The session outlives its connection, until `/down`. */
export interface HoldRequest {
  session: string;
  held: HeldSandbox;
}

/** What `/urls` tells of servers that run: the only call whose answer holds credentials. */
export interface Urls {
  held: HeldSandbox[];
  /** The administrators' urls. */
  servers: { kit: string; url: string }[];
}

/** What `/down` let go, and how many sessions are left. */
export interface DownReply {
  kits: string[];
  sessions: number;
}

/** Asks for the log of a kit's servers; with `follow` also for what is still to come. */
export interface LogsRequest {
  kit: string;
  follow: boolean;
}

/** A line of the answer. `server` counts the kit's servers of this keeper's life, from 1. */
export interface ServerLogLine extends LogLine {
  server: number;
}

/** What `/status` tells: one row per server that ran in this keeper's life. */
export interface ServerStatus {
  key: string;
  kit: string;
  runtime: RuntimeName;
  state: 'starting' | 'running' | 'ended';
  /** ms since the epoch. */
  startedAt: number;
  version?: string;
  /** Where its program or image came from. */
  source?: string;
  /** ms from the real start to ready. */
  startMs?: number;
  /** ms of downloads and first initialisations before. */
  setupMs?: number;
  templates: number;
  sandboxes: number;
  /** Without its password; absent while it starts. */
  url?: string;
  /** Leaders of its process groups. */
  processes: number[];
  /** Ids. */
  containers: string[];
  /** What of the cache it runs from, and what else it runs from: files and folders. */
  uses: string[];
}

export interface Status {
  workspace: string;
  owner: string;
  pid: number;
  /** Kits that `seamkit up` holds. */
  held: string[];
  sessions: number;
  servers: ServerStatus[];
}

/** The keeper's calls, HTTP over its socket: JSON in, JSON out, errors as data with status 500. */
export interface Calls {
  '/ensure': [EnsureRequest, EnsureReply];
  '/ended': [EndedRequest, ErrorData | null];
  '/lease': [LeaseRequest, Lease];
  '/spare': [SpareRequest, Lease | null];
  '/template': [TemplateReport, null];
  '/sandbox': [SandboxReport, null];
  '/release': [ReleaseRequest, null];
  '/status': [null, Status];
  '/hold': [HoldRequest, null];
  '/urls': [null, Urls];
  '/down': [null, DownReply];
}

/** A line of a server's log; `at` in ms since the epoch. */
export interface LogLine {
  at: number;
  text: string;
}
