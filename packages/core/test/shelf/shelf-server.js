// A tiny real server to test the lifecycle with: named shelves of text, over HTTP with a password.
// Arguments: port, and what to do instead of serving ('exit', 'hang').
const { createServer } = require('node:http');
const { text } = require('node:stream/consumers');

const [port, mood] = process.argv.slice(2);
const { SHELF_PASSWORD: password } = process.env;
const shelves = new Map();

if (mood === 'exit') {
  for (let line = 1; line <= 30; line++) console.error(`line ${line}, password ${password}`);
  process.exit(3);
}

const server = createServer(async (request, response) => {
  const answer = (status, body = '') => response.writeHead(status).end(body);
  if (request.headers.authorization !== password) return answer(401);
  const [, shelf, item] = request.url.split('/').map(decodeURIComponent);
  const body = await text(request);
  if (shelf === '') return answer(200, JSON.stringify([...shelves.keys()]));
  if (item === undefined) {
    if (request.method === 'PUT') {
      // The body names a shelf to copy.
      if (body && !shelves.has(body)) return answer(404);
      shelves.set(shelf, new Map(body ? shelves.get(body) : []));
      return answer(200);
    }
    if (request.method === 'DELETE') return answer(shelves.delete(shelf) ? 200 : 404);
    return shelves.has(shelf) ? answer(200, JSON.stringify([...shelves.get(shelf)])) : answer(404);
  }
  const items = shelves.get(shelf);
  if (!items) return answer(404);
  if (item === 'log') console.log(body);
  if (request.method === 'PUT') items.set(item, body);
  if (request.method === 'DELETE') return answer(items.delete(item) ? 200 : 404);
  return items.has(item) ? answer(200, items.get(item)) : answer(404);
});
if (mood !== 'hang')
  server.listen(Number(port), '127.0.0.1', () => console.log('shelves are ready'));
else setInterval(() => {}, 1000);
