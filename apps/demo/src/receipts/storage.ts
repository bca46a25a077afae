import { Client } from 'minio';
import type { StorageConfig } from '../config';

/** Receipts by order, in an S3 bucket. */
export interface ReceiptStorage {
  /** Written again, a receipt replaces itself. */
  write(orderId: number, text: string): Promise<void>;
  /** A url that whoever has it can read the receipt from for a while; undefined if there is none. */
  link(orderId: number): Promise<{ url: string; seconds: number } | undefined>;
}

export function connectStorage(config: StorageConfig): ReceiptStorage {
  const { protocol, hostname, port } = new URL(config.url);
  const { bucket, linkSeconds: seconds } = config;
  const s3 = new Client({
    endPoint: hostname,
    port: port ? Number(port) : undefined,
    useSSL: protocol === 'https:',
    region: config.region,
    accessKey: config.accessKey,
    secretKey: config.secretKey,
  });
  return {
    async write(orderId, text) {
      const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
      await s3.putObject(bucket, key(orderId), text, Buffer.byteLength(text), headers);
    },
    async link(orderId) {
      try {
        await s3.statObject(bucket, key(orderId));
      } catch (error) {
        if ((error as { code?: string }).code === 'NotFound') return undefined;
        throw error;
      }
      return { url: await s3.presignedGetObject(bucket, key(orderId), seconds), seconds };
    },
  };
}

const key = (orderId: number) => `receipts/${orderId}.txt`;
