import type { Boundary, Endpoint, ErrorCode } from '@seamkit/core';

/**
 * What a kit's author writes: how to look at the boundary through a real client, never through the
 * kit. A plain CommonJS module (`module.exports = { … }`), because child processes load it.
 */
export interface Harness<Members extends object = any, Options extends object = any> {
  /** The kit's factory, required by the package's own name. */
  kit(options?: Options): Boundary<Members>;
  /** Options for every case. */
  options?: Options;
  /** Options whose `prepare` (a function) leaves these entries in the baseline. */
  prepare?(entries: Record<string, string>): Options & { prepare(...args: any[]): unknown };
  /** Stores a value under a key, as the service under test would. */
  write(members: Members, key: string, value: string): Promise<void>;
  /** The value under a key, or undefined. */
  read(members: Members, key: string): Promise<string | undefined>;
  /**
   * Changes what keys and values do not show, as a test might: schema, counters, topology, versions,
   * settings. Each `round` (1, 2, …) changes something else. Goes with `describe`.
   */
  changeShape?(members: Members, round: number): Promise<unknown>;
  /** All that `changeShape` may change, as plain data: the same for the same shape. */
  describe?(members: Members): Promise<unknown>;
  /** Leaves a client behind that still holds on to the sandbox: an open transaction, a consumer, … */
  leak?(members: Members): Promise<void>;
  /** What is on the server that bears our name: databases, vhosts, buckets, … as text. */
  list?(endpoint: Endpoint): Promise<string[]>;
  /**
   * Tries to get in at a TCP port on which a process of the server listens, without its passwords:
   * by every protocol that the server's processes speak, for they can be at any port. Resolves to
   * what it was let do, in words, or to undefined where all was refused. Commands run as `stranger`.
   * Owed by a kit with server processes, unless it supports no `password`.
   */
  intrude?(port: number, endpoint: Endpoint, stranger: Stranger): Promise<string | undefined>;
  /** Options that must be refused at once, and the code. */
  refused: readonly { options: Record<string, unknown>; code: ErrorCode }[];
}

/** Options of `child_process`: where root runs the suite, a user who is neither root nor the server's. */
export interface Stranger {
  uid?: number;
  gid?: number;
}
