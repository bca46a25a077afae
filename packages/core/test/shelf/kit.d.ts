import type { Boundary, ServerOptions } from '@seamkit/core';

export interface ShelfOptions extends ServerOptions {
  prepare?(url: string, stop: { signal: AbortSignal }): unknown;
  /** What the server does instead of serving. */
  mood?: 'exit' | 'hang';
  setup?: boolean;
  exclusive?: boolean;
  spares?: number;
  /** Every reset asks for another sandbox. */
  spend?: boolean;
  /** Called before the driver makes, opens or resets a sandbox, or closes, to make that fail. */
  trouble?(step: 'create' | 'open' | 'reset' | 'disconnect', name: string): unknown;
}

export interface ShelfMembers {
  url: string;
  name: string;
  /** Resolves or rejects as `work` does. */
  wait(work: unknown): Promise<unknown>;
}

export const shelf: (options?: ShelfOptions) => Boundary<ShelfMembers>;
export function caller(
  url: string,
): (method: string, path: string, body?: string) => Promise<string>;
