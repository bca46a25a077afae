/** Which server it is, as far as what it can do goes. `other`: taken for what Amazon's S3 does. */
export type ServerKind = 'minio' | 'ceph' | 'other';

/** What not every S3 server can do. */
export const capabilityNames = [
  'versioning',
  'objectLock',
  'objectAcl',
  'lifecycle',
  'policy',
  'cors',
  'tagging',
  'conditionalWrites',
  'postPolicy',
  'checksums',
  'encryption',
  'listenNotifications',
] as const;

export type Capability = (typeof capabilityNames)[number];
export type Capabilities = Readonly<Record<Capability, boolean>>;

const all = Object.fromEntries(capabilityNames.map((name) => [name, true])) as Record<
  Capability,
  boolean
>;

export const capabilitiesOf: Readonly<Record<ServerKind, Capabilities>> = {
  // Server-side encryption needs a key server, which the kit does not start.
  minio: { ...all, objectAcl: false, cors: false, encryption: false },
  ceph: { ...all, checksums: false, encryption: false, listenNotifications: false },
  other: { ...all, listenNotifications: false },
};

/** What a bucket may be set to, as the names of its sub-resources. Reset compares and restores these. */
export const settingsOf: Readonly<Record<ServerKind, readonly string[]>> = {
  minio: ['versioning', 'policy', 'lifecycle', 'tagging', 'encryption', 'notification'],
  ceph: ['versioning', 'policy', 'lifecycle', 'cors', 'tagging', 'acl', 'publicAccessBlock'],
  other: [
    'versioning',
    'policy',
    'lifecycle',
    'cors',
    'tagging',
    'acl',
    'publicAccessBlock',
    'ownershipControls',
    'encryption',
    'notification',
    'website',
  ],
};

/** From the headers of any answer. */
export function kindOf(headers: Record<string, unknown>): ServerKind {
  if (/minio/i.test(String(headers.server))) return 'minio';
  // Ceph names itself nowhere, but its request ids are made like tx000…-005e…-1006-default.
  if (/^tx[0-9a-f]{16,}-/.test(String(headers['x-amz-request-id']))) return 'ceph';
  return 'other';
}
