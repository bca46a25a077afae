import { join } from 'node:path';
import type { ProcessContext } from '@seamkit/core';
import { erlangEnvironment, type Installation, programsBelow } from './installation';

const nodeName = 'seamkit@localhost';
const rootsPort = '1';

/** One running RabbitMQ: where it listens, and where it keeps its things. */
export interface Node {
  /** Root folder of the Erlang that runs it. */
  root: string;
  /** Boot file below the root, without its extension. */
  boot: string;
  /** Its own folder: database, HOME. No spaces: its disk monitor stumbles. */
  folder: string;
  plugins: readonly string[];
  /** Ports on 127.0.0.1. */
  amqp: number;
  management: number;
}

/** The files that the node reads. They may hold passwords: nobody else can look into their folder. */
export interface Configuration {
  main: string;
  plugins: string;
}

export async function writeConfiguration(
  { amqp, management, plugins }: Node,
  access: { defaultPassword: string } | { definitions: unknown },
  ctx: ProcessContext,
): Promise<Configuration> {
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${management}`,
    'loopback_users = none',
    'log.console = true',
    'log.file = false',
    // Until then a new connection is not found by its name; 5 s by default.
    'collect_statistics_interval = 500',
    // The folder may lie in a small memory file system; below the limit publishers would hang.
    'disk_free_limit.absolute = 1MB',
  ];
  if ('definitions' in access) {
    const definitions = await ctx.file('definitions.json', JSON.stringify(access.definitions));
    lines.push(`load_definitions = ${definitions}`);
  } else {
    lines.push('default_user = seamkit_unused', `default_pass = ${access.defaultPassword}`);
    lines.push('default_user_tags.administrator = false');
  }
  return {
    main: await ctx.file('rabbitmq.conf', `${lines.join('\n')}\n`),
    plugins: await ctx.file('enabled_plugins', `[${plugins.join(',')}].\n`),
  };
}

/** Straight to RabbitMQ's boot module, past the shell scripts and their probing. */
export function nodeArguments({ boot }: Node): string[] {
  return [
    ...['-noinput', '-boot', boot, '-s', 'rabbit', 'boot'],
    ...['+W', 'w', '+B', 'i', '+t', '5000000'],
    // An idle scheduler sleeps at once: the cores belong to the tests.
    ...['+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'],
    ...['-syslog', 'logger', '[]', '-syslog', 'syslog_error_logger', 'false'],
    // It opens a socket at once, whether or not anything is logged there.
    ...['-syslog', 'protocol', '{rfc3164,udp,[{ip,{127,0,0,1}}]}'],
    ...['-kernel', 'prevent_overlapping_partitions', 'false'],
    // A node by name only: it listens for no other Erlang node, and there is no name server (epmd),
    // which anybody may ask to forget a name or to end. RabbitMQ wants to know its own port all the
    // same, and is told one on which only root could listen.
    ...['-sname', nodeName, '-dist_listen', 'false', '-start_epmd', 'false'],
    ...['-erl_epmd_port', rootsPort],
  ];
}

export function nodeEnvironment(
  { root, folder, amqp }: Node,
  installation: Installation,
  configuration: Configuration,
): Record<string, string> {
  return {
    ...erlangEnvironment(root, programsBelow(root, installation)),
    HOME: folder,
    // Where RabbitMQ tells its name every minute, be there a name server or not.
    ERL_EPMD_PORT: rootsPort,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_CRASH_DUMP_BYTES: '0',
    ERL_MAX_ETS_TABLES: '50000',
    RABBITMQ_NODENAME: nodeName,
    RABBITMQ_HOME: installation.home,
    RABBITMQ_PLUGINS_DIR: join(root, 'lib'),
    RABBITMQ_MNESIA_BASE: join(folder, 'database'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_CONFIG_FILE: configuration.main,
    RABBITMQ_ENABLED_PLUGINS_FILE: configuration.plugins,
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(amqp),
    RABBITMQ_LOG: '-color',
    SYS_PREFIX: '',
  };
}
