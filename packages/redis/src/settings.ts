import { SeamkitError } from '@seamkit/core';

/** What the kit sets itself, or cannot keep its promise with. */
const ownSettings = [
  'aclfile',
  'appendonly',
  'bind',
  'bind-source-addr',
  'cluster-enabled',
  'daemonize',
  'databases',
  'dir',
  'include',
  'loadmodule',
  'logfile',
  'masterauth',
  'masteruser',
  'pidfile',
  'port',
  'protected-mode',
  'rename-command',
  'replicaof',
  'requirepass',
  'save',
  'slaveof',
  'supervised',
  'syslog-enabled',
  'tls-port',
  'unixsocket',
  'user',
];

/** Memory is counted, and keys are evicted, in all databases of a server alike. */
const exclusiveSettings = ['maxmemory', 'maxmemory-policy', 'maxmemory-clients'];

/** @throws SeamkitError `OPTION_INVALID` */
export function checkSettings(settings: Record<string, string | number>, exclusive: boolean): void {
  for (const [name, value] of Object.entries(settings)) {
    if (!/^[a-z][a-z0-9-]*$/.test(name) || /[\r\n\0]/.test(String(value))) {
      throw refused(
        name,
        'is not one line of redis.conf',
        "write e.g. { 'hash-max-listpack-entries': 64 }",
      );
    }
    if (ownSettings.includes(name)) {
      throw refused(
        name,
        'belongs to the kit',
        `leave '${name}' out; the README says what the kit sets`,
      );
    }
    if (exclusiveSettings.includes(name) && !exclusive) {
      throw refused(
        name,
        'acts on the databases of all tests that share the server',
        'add exclusive: true, for a server of this file alone',
      );
    }
  }
}

/** A line of redis.conf: its name, and the rest as it stands there. */
export type Directive = readonly [name: string, value: string | number];

/** A whole configuration file. */
export function configFile(directives: readonly Directive[]): string {
  return directives.map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`).join('');
}

/** The same as a command line, on which quotes mean nothing. */
export function configArguments(directives: readonly Directive[]): string[] {
  return directives.flatMap(([name, value]) => {
    const words = String(value).match(/"[^"]*"|'[^']*'|\S+/g) ?? [''];
    return [`--${name}`, ...words.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))];
  });
}

function refused(name: string, why: string, hint: string): SeamkitError {
  return new SeamkitError('OPTION_INVALID', `redis() setting '${name}' ${why}`, { hint });
}
