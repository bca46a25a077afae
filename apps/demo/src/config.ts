/** What the service is built from. Every part but the database may be left out. */
export interface Config {
  /** `postgres://user:password@host:5432/name` */
  databaseUrl: string;
  /** Of Fastify's logger. */
  logLevel: string;
}

export interface Listen {
  host: string;
  port: number;
}

/** Reads the environment once, at the start. @throws Error that names the variable at fault */
export function readConfig(env: NodeJS.ProcessEnv): Config & { listen: Listen } {
  return {
    databaseUrl: required(env, 'DATABASE_URL'),
    logLevel: env.LOG_LEVEL || 'info',
    listen: { host: env.HOST || '127.0.0.1', port: port(env) },
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function port(env: NodeJS.ProcessEnv): number {
  const value = env.PORT || '3000';
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535) return number;
  throw new Error(`PORT is no port: ${value}`);
}
