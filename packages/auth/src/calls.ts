import type { Endpoint } from './fault';

/** Something that the issuer was asked. */
export interface Call {
  endpoint: Endpoint;
  method: string;
  /** Of the query or the form, secrets included. */
  params: Record<string, string>;
  /** What was answered; undefined while it waits, and where the connection was cut. */
  status?: number;
}
