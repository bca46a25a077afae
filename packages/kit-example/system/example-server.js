// The system itself, small enough to come along: named spaces of texts, over HTTP with a password.
// A kit for a real system has no such file.
const { createServer } = require('node:http');
const { json } = require('node:stream/consumers');

const { EXAMPLE_PORT, EXAMPLE_PASSWORD, EXAMPLE_MAX_LENGTH } = process.env;
const authorization = `Basic ${btoa(`seamkit:${EXAMPLE_PASSWORD}`)}`;
const spaces = new Map();

createServer(async (request, response) => {
  const [status, body] = await answer(request);
  response.writeHead(status).end(JSON.stringify(body));
}).listen(Number(EXAMPLE_PORT), '127.0.0.1', () => console.log('ready'));

async function answer(request) {
  const { method, url, headers } = request;
  if (headers.authorization !== authorization) return [401, 'no such user'];
  const [name, key] = url.slice(1).split('/').map(decodeURIComponent);
  if (name === '') return [200, [...spaces.keys()]];
  if (method === 'PUT' && key === undefined) {
    spaces.set(name, new Map(Object.entries(await json(request))));
    return [200, 'made'];
  }
  const space = spaces.get(name);
  if (!space) return [404, 'no such space'];
  if (key === undefined) {
    if (method === 'DELETE') spaces.delete(name);
    return [200, Object.fromEntries(space)];
  }
  if (method === 'PUT') {
    const text = String(await json(request));
    if (EXAMPLE_MAX_LENGTH && text.length > Number(EXAMPLE_MAX_LENGTH)) return [413, 'too long'];
    space.set(key, text);
  }
  const found = space.get(key);
  if (method === 'DELETE') space.delete(key);
  return found === undefined ? [404, 'no such key'] : [200, found];
}
