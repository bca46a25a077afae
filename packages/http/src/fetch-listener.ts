import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export type FetchHandler = (request: Request) => Response | Promise<Response>;

/** Lets an app that speaks `Request` and `Response` listen on a node:http server. */
export function fetchListener(handle: FetchHandler) {
  return async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      await write(await handle(requestOf(message)), response);
    } catch (error) {
      // The client sees that it broke, the developer sees why.
      console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  };
}

function requestOf(message: IncomingMessage): Request {
  const { method = 'GET', url = '/', headers, rawHeaders } = message;
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
  }
  const hasBody = method !== 'GET' && method !== 'HEAD';
  return new Request(`http://${headers.host}${url}`, {
    method,
    headers: pairs,
    ...(hasBody && { body: Readable.toWeb(message) as ReadableStream, duplex: 'half' }),
  } as RequestInit);
}

async function write(answer: Response, response: ServerResponse): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (name !== 'set-cookie') response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  if (answer.body) await pipeline(Readable.fromWeb(answer.body as any), response);
  else response.end();
}
