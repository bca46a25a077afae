import { SeamkitError } from '../errors';
import type { Boundaries, Environment } from './environment';

const brand = Symbol.for('seamkit.config');

/** What a project says of its boundaries, in one place. */
export interface Config<B extends Boundaries = Boundaries> {
  /** By name, as `use` takes them: which kits, their versions, how they are prepared. */
  boundaries: B;
  /**
   * Environment variables that carry their parts to the code under test, by name. They are set while
   * the boundaries are open, also after a sandbox was replaced; undefined unsets one.
   */
  variables?(env: Environment<B>): Record<string, string | undefined>;
}

/**
 * What `seamkit.config.js` exports, and `use`, `open` and `openAhead` take; `seamkit up` and `seamkit
 * run` read it from that file.
 * @throws SeamkitError `OPTION_INVALID`
 */
export function defineConfig<B extends Boundaries>(config: Config<B>): Config<B> {
  const { boundaries, variables } = config ?? {};
  const sound =
    typeof boundaries === 'object' &&
    boundaries !== null &&
    (variables === undefined || typeof variables === 'function');
  if (sound) return Object.defineProperty({ ...config }, brand, { value: true });
  throw new SeamkitError('OPTION_INVALID', 'defineConfig() got no boundaries', {
    hint: 'write defineConfig({ boundaries: { db: postgres() }, variables: ({ db }) => ({ DATABASE_URL: db.url }) })',
  });
}

export function isConfig(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && brand in value;
}

/** Environment variables of this process that are set for a while. */
export class Variables {
  private readonly before = new Map<string, string | undefined>();

  set(values: Record<string, string | undefined>): void {
    for (const [name, value] of Object.entries(values)) {
      if (!this.before.has(name)) this.before.set(name, process.env[name]);
      assign(name, value);
    }
  }

  restore(): void {
    for (const [name, value] of this.before) assign(name, value);
    this.before.clear();
  }
}

function assign(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
