import type { Requests } from './requests';

/**
 * A bucket's state in one request, from Ceph's admin API: which bucket it is, when its settings were
 * changed, and the version of its index, which each write of an object, its tags, its ACL or a part
 * of an upload advances. Not so the deletions in a bucket with versioning: it has no use there.
 */
export class Stamps {
  private refused: boolean;

  constructor(
    private readonly requests: Requests,
    isCeph: boolean,
  ) {
    this.refused = !isCeph;
  }

  /** Undefined where the server or these keys have no such API, or the bucket is gone. */
  async read(bucket: string): Promise<string | undefined> {
    if (this.refused) return undefined;
    const { status, body } = await this.requests.ask('GET', {
      bucket: 'admin/bucket',
      query: `bucket=${bucket}`,
    });
    this.refused = status === 403;
    if (status !== 200 || !body.startsWith('{')) return undefined;
    const { id, mtime, ver } = JSON.parse(body);
    return id && mtime && ver ? `${id} ${mtime} ${ver}` : undefined;
  }
}
