import { concurrently } from './concurrently';
import { encodeKey, type Requests, S3Refusal } from './requests';

/** Requests of one reset that are under way at once. */
const limit = 8;
const deleteBatch = 250;

/** One version of an object, or the mark of its deletion. Without versioning there is one, `null`. */
export interface Item {
  key: string;
  versionId: string;
  deleted: boolean;
  /** All that the listing tells of it but whether it is the latest: differs once it was written. */
  identity: string;
}

/** All versions of all objects; per key the oldest first. */
export async function listItems(requests: Requests, bucket: string, extra = ''): Promise<Item[]> {
  const items: Item[] = [];
  let after = '';
  for (;;) {
    const query = `versions&encoding-type=url${after}${extra}`;
    const { body } = await requests.send('GET', { bucket, query });
    for (const [, type, text] of body.matchAll(/<(Version|DeleteMarker)>(.*?)<\/\1>/gs)) {
      items.push({
        key: decodeKey(text!),
        versionId: field(text!, 'VersionId') || 'null',
        deleted: type === 'DeleteMarker',
        identity: `${type} ${text!.replace(/<IsLatest>\w+<\/IsLatest>/, '')}`,
      });
    }
    const last = items.at(-1);
    // The item itself rather than NextKeyMarker, which servers encode or not as they please.
    if (field(body, 'IsTruncated') !== 'true' || !last) break;
    after = `&key-marker=${encodeURIComponent(last.key)}&version-id-marker=${last.versionId}`;
  }
  return items.reverse();
}

/** All keys that start with `prefix`. The minio client's own listing takes the key `007` for a 7. */
export async function listKeys(
  requests: Requests,
  bucket: string,
  prefix: string,
): Promise<string[]> {
  const keys: string[] = [];
  const query = `list-type=2&encoding-type=url&prefix=${encodeURIComponent(prefix)}`;
  for (;;) {
    const last = keys.at(-1);
    const after = last === undefined ? '' : `&start-after=${encodeURIComponent(last)}`;
    const { body } = await requests.send('GET', { bucket, query: query + after });
    const page = [...body.matchAll(/<Contents>(.*?)<\/Contents>/gs)];
    keys.push(...page.map(([, text]) => decodeKey(text!)));
    if (field(body, 'IsTruncated') !== 'true' || page.length === 0) return keys;
  }
}

/** Removes these versions for good. */
export async function removeItems(
  requests: Requests,
  bucket: string,
  items: readonly Item[],
): Promise<void> {
  // XML cannot name keys with control characters.
  const named = items.filter(({ key }) => !hasControl(key));
  const batches: Item[][] = [];
  for (let at = 0; at < named.length; at += deleteBatch)
    batches.push(named.slice(at, at + deleteBatch));
  await concurrently(batches, limit, async (batch) => {
    const objects = batch.map(
      ({ key, versionId }) =>
        `<Object><Key>${escapeXml(key)}</Key><VersionId>${versionId}</VersionId></Object>`,
    );
    const body = `<Delete><Quiet>true</Quiet>${objects.join('')}</Delete>`;
    const answer = await requests.send('POST', { bucket, query: 'delete', body });
    const failed = /<Error>.*?<\/Error>/s.exec(answer.body)?.[0];
    if (failed) {
      throw new S3Refusal(field(failed, 'Code'), 200, `deleting ${bucket}/${field(failed, 'Key')}`);
    }
  });
  await concurrently(
    items.filter(({ key }) => hasControl(key)),
    limit,
    ({ key, versionId }) =>
      requests.send('DELETE', { bucket, key, query: `versionId=${versionId}` }),
  );
}

/** Copies versions, given oldest first, on the server: content, metadata, tags; and the ACLs named. */
export async function copyItems(
  requests: Requests,
  from: string,
  to: string,
  items: readonly Item[],
  acls: Readonly<Record<string, string>>,
): Promise<void> {
  const versionsOf = groupByKey(items);
  await concurrently([...versionsOf], limit, async ([key, versions]) => {
    for (const { versionId, deleted } of versions) {
      if (deleted) {
        await requests.send('DELETE', { bucket: to, key });
        continue;
      }
      const version = versionId === 'null' ? '' : `?versionId=${versionId}`;
      const source = `/${from}/${encodeKey(key)}${version}`;
      await requests.send('PUT', { bucket: to, key, headers: { 'x-amz-copy-source': source } });
      const acl = acls[aclKey(key, versionId)];
      if (acl) await requests.send('PUT', { bucket: to, key, query: 'acl', body: acl });
    }
  });
}

export function aclKey(key: string, versionId: string): string {
  return `${versionId} ${key}`;
}

export function keyIn(aclKey: string): string {
  return aclKey.slice(aclKey.indexOf(' ') + 1);
}

/** The unfinished multipart uploads, as the server tells them. */
export async function listUploads(requests: Requests, bucket: string): Promise<string> {
  const { body } = await requests.send('GET', { bucket, query: 'uploads&encoding-type=url' });
  return [...body.matchAll(/<Upload>.*?<\/Upload>/gs)].map(([text]) => text).join('');
}

export async function abortUploads(requests: Requests, bucket: string): Promise<void> {
  for (;;) {
    const uploads = [
      ...(await listUploads(requests, bucket)).matchAll(/<Upload>(.*?)<\/Upload>/gs),
    ];
    if (uploads.length === 0) return;
    await concurrently(uploads, limit, async ([, text]) => {
      const key = decodeKey(text!);
      const query = `uploadId=${encodeURIComponent(field(text!, 'UploadId'))}`;
      await requests.send('DELETE', { bucket, key, query }).catch(unlessGone('NoSuchUpload'));
    });
  }
}

/** A handler for a failure that means: done already. */
export function unlessGone(...codes: string[]): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof S3Refusal && codes.includes(error.code))) throw error;
  };
}

function groupByKey(items: readonly Item[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(item.key);
    if (group) group.push(item);
    else groups.set(item.key, [item]);
  }
  return groups;
}

/** The key in an entry of a listing that was asked for with `encoding-type=url`. */
function decodeKey(entry: string): string {
  return decodeURIComponent(field(entry, 'Key').replaceAll('+', ' '));
}

function field(xml: string, name: string): string {
  const value = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? '';
  return value.replace(/&(amp|lt|gt|quot|apos|#39);/g, (_, name) => entities[name]!);
}

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  '#39': "'",
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function hasControl(key: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones
  return /[\u0000-\u001f\ufffe\uffff]/.test(key);
}
