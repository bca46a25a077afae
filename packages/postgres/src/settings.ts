import { SeamkitError } from '@seamkit/core';

/** Server settings as `postgresql.conf` knows them. */
export type Settings = Record<string, string | number | boolean>;

/** How settings cross to the keeper. */
export type SettingTexts = Record<string, string>;

/**
 * For servers whose data nobody keeps: durability off, little memory, no work in the background.
 * A user's settings go over these.
 */
const throwaway = {
  autovacuum: 'off',
  checkpoint_timeout: '1h',
  fsync: 'off',
  full_page_writes: 'off',
  jit: 'off',
  log_timezone: 'UTC',
  // A thousand sandboxes, each with a client; 1,000 more cost 25 MB.
  max_connections: '1200',
  // The data folder is in memory: no gigabyte of log beside it.
  max_wal_size: '128MB',
  max_wal_senders: '0',
  password_encryption: 'scram-sha-256',
  // Large ones slow clones down: each has to be searched for pages of the template.
  shared_buffers: '32MB',
  synchronous_commit: 'off',
  timezone: 'UTC',
  wal_level: 'minimal',
} satisfies SettingTexts;

/** What the kit cannot do without, and why. */
const ours: Record<string, string> = {
  allow_system_table_mods: 'the kit sets it where it needs it',
  config_file: 'the kit owns the data folder',
  data_directory: 'the kit owns the data folder',
  dynamic_shared_memory_type: 'the kit removes what a killed server leaves',
  event_triggers: 'reset would not notice that a test changed the schema',
  external_pid_file: 'the kit owns the data folder',
  hba_file: 'the kit owns the data folder',
  ident_file: 'the kit owns the data folder',
  listen_addresses: 'servers answer on 127.0.0.1 only',
  log_destination: 'errors show what the server logged',
  logging_collector: 'errors show what the server logged',
  port: 'the kit finds a free one',
  session_replication_role: "constraints and the users' triggers would not work",
  ssl: 'the kit has no certificate for it',
  track_activities: 'reset would not see open transactions',
  unix_socket_directories: 'the socket is in the data folder, for the kit alone',
  unix_socket_group: 'the socket is in the data folder, for the kit alone',
  unix_socket_permissions: 'the socket is in the data folder, for the kit alone',
};

/** Settings as text, refused where they contradict the kit. @throws SeamkitError `OPTION_INVALID` */
export function settingTexts(settings: Settings): SettingTexts {
  const texts: SettingTexts = {};
  for (const [spelled, value] of Object.entries(settings)) {
    const name = spelled.toLowerCase();
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(name)) {
      throw new SeamkitError('OPTION_INVALID', `postgres() setting '${spelled}' is not a name`, {
        hint: "name settings as in postgresql.conf, e.g. { max_connections: 50, work_mem: '8MB' }",
      });
    }
    if (Object.hasOwn(ours, name)) {
      throw new SeamkitError('OPTION_INVALID', `postgres() setting '${name}' belongs to the kit`, {
        hint: `leave it out: ${ours[name]}`,
      });
    }
    if (!['string', 'number', 'boolean'].includes(typeof value) || /\0/.test(String(value))) {
      throw new SeamkitError('OPTION_INVALID', `postgres() setting '${name}' has no usable value`, {
        hint: 'give a string, a number or a boolean',
      });
    }
    texts[name] = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  }
  return texts;
}

/** How many connections a server of ours takes. */
export function maxConnections(asked: SettingTexts): number {
  return Number(asked.max_connections ?? throwaway.max_connections);
}

/** Settings of a server of ours, as arguments of `postgres`. */
export function serverArguments(
  asked: SettingTexts,
  version: string | undefined,
  platform: NodeJS.Platform,
): string[] {
  const major = Number.parseInt(version ?? '', 10);
  const settings: SettingTexts = { ...throwaway };
  // A killed client's locks are free at once, rather than at the end of its query.
  if (major >= 15 || (major === 14 && platform === 'linux')) {
    settings.client_connection_check_interval = '100ms';
  }
  // Each clone makes two checkpoints; since 15 they are logged.
  settings.log_checkpoints = 'off';
  if (asked.wal_level && asked.wal_level !== 'minimal') delete settings.max_wal_senders;
  return Object.entries({ ...settings, ...asked }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
}
