/** One request as the client meant it, decoded from the wire but with its body still as sent. */
export interface HttpRequest {
  method: string;
  /** Absolute, as the client meant it: `https://api.stripe.com/v1/charges?x=1`. */
  url: string;
  /** In the order sent; a name may come twice. */
  headers: [name: string, value: string][];
  /** Without transfer coding; content codings (gzip, br, …) are left as they are. */
  body: Buffer;
}

export interface HttpResponse {
  status: number;
  headers: [name: string, value: string][];
  body: Buffer;
}

/** One exchange with an API: what a cassette holds, and what a contract checks. */
export interface Interaction {
  request: HttpRequest;
  response: HttpResponse;
}
