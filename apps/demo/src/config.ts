/** What the service is built from. Every part but the database may be left out. */
export interface Config {
  /** `postgres://user:password@host:5432/name` */
  databaseUrl: string;
  /** Of Fastify's logger. */
  logLevel: string;
  /** How long an order waits for its payment. */
  paymentMinutes: number;
  /** Without it every product is read from the database. */
  cache?: CacheConfig;
  /** Without it events stay in the outbox. */
  broker?: BrokerConfig;
  /** Without it there are no receipts. */
  storage?: StorageConfig;
  /** Without it orders are paid elsewhere. */
  payments?: PaymentsConfig;
  /** Without it whoever reaches the API may use it. */
  auth?: AuthConfig;
  /** The folder that orders are exported to. Without it they are not. */
  exportFolder?: string;
}

export interface CacheConfig {
  /** `redis://host:6379/0` */
  url: string;
  /** How long a product may be served as it was. */
  seconds: number;
  /** ms that a request waits for it, before it asks the database. Default 250. */
  timeout?: number;
}

export interface BrokerConfig {
  /** `amqp://user:password@host:5672/vhost` */
  url: string;
  /** How often the worker tries a message before it is a dead letter. */
  attempts: number;
  /** ms between two attempts. */
  retryDelay: number;
}

export interface StorageConfig {
  /** Any S3 endpoint: `https://host:9000` */
  url: string;
  region: string;
  bucket: string;
  accessKey: string;
  secretKey: string;
  /** How long a link to a receipt is good for. */
  linkSeconds: number;
}

export interface PaymentsConfig {
  url: string;
  /** Ours, at the provider. */
  key: string;
  /** ms until we stop waiting for an answer. */
  timeout: number;
}

/** The provider's own; there is no other. */
export const paymentsUrl = 'https://api.payments.example';

export interface AuthConfig {
  /** Of OpenID Connect, as its tokens write it: `https://login.example` */
  issuer: string;
  /** What the issuer calls this service. */
  audience: string;
}

export interface Listen {
  host: string;
  port: number;
}

/** Reads the environment once, at the start. @throws Error that names the variable at fault */
export function readConfig(env: NodeJS.ProcessEnv): Config & { listen: Listen } {
  const { REDIS_URL, AMQP_URL, S3_URL, PAYMENTS_KEY, OIDC_ISSUER } = env;
  return {
    databaseUrl: required(env, 'DATABASE_URL'),
    logLevel: env.LOG_LEVEL || 'info',
    paymentMinutes: integer(env, 'PAYMENT_MINUTES', 30),
    cache: REDIS_URL
      ? { url: REDIS_URL, seconds: integer(env, 'PRODUCT_CACHE_SECONDS', 60) }
      : undefined,
    broker: AMQP_URL
      ? {
          url: AMQP_URL,
          attempts: integer(env, 'EVENT_ATTEMPTS', 3),
          retryDelay: integer(env, 'EVENT_RETRY_MS', 5000),
        }
      : undefined,
    storage: S3_URL
      ? {
          url: S3_URL,
          region: env.S3_REGION || 'us-east-1',
          bucket: required(env, 'S3_BUCKET'),
          accessKey: required(env, 'S3_ACCESS_KEY'),
          secretKey: required(env, 'S3_SECRET_KEY'),
          linkSeconds: integer(env, 'RECEIPT_LINK_SECONDS', 900),
        }
      : undefined,
    payments: PAYMENTS_KEY
      ? {
          url: paymentsUrl,
          key: PAYMENTS_KEY,
          timeout: integer(env, 'PAYMENTS_TIMEOUT_MS', 10_000),
        }
      : undefined,
    auth: OIDC_ISSUER
      ? { issuer: OIDC_ISSUER, audience: required(env, 'OIDC_AUDIENCE') }
      : undefined,
    exportFolder: env.EXPORT_FOLDER || undefined,
    listen: { host: env.HOST || '127.0.0.1', port: integer(env, 'PORT', 3000) },
  };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

function integer(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const value = env[name] || String(otherwise);
  if (/^[1-9]\d{0,6}$/.test(value)) return Number(value);
  throw new Error(`${name} is no whole number above 0: ${value}`);
}
