import { createServer } from 'node:http';
import { type App, serve } from '@seamkit/http';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import supertest from 'supertest';
import { WebSocketServer } from 'ws';

/** The same small service five times: it echoes, redirects, and sets two cookies. */
const apps: Record<string, () => App> = {
  'node:http handler': () => (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (request.url === '/away') return response.writeHead(302, { location: '/echo' }).end();
      if (request.url === '/cookies') {
        return response.writeHead(200, { 'set-cookie': ['a=1', 'b=2'] }).end('text');
      }
      const { method, url, headers } = request;
      const body = JSON.parse(String(Buffer.concat(chunks)) || 'null');
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify({ method, url, trace: headers['x-trace'], body }));
    });
  },
  'http.Server': () => createServer(apps['node:http handler']!() as () => void),
  Express: () => {
    const app = express().use(express.json());
    app.get('/away', (_, response) => response.redirect('/echo'));
    app.get('/cookies', (_, response) => {
      response.cookie('a', '1', { path: undefined }).append('set-cookie', 'b=2').send('text');
    });
    app.all('/echo', ({ method, originalUrl: url, headers, body = null }, response) => {
      response.json({ method, url, trace: headers['x-trace'], body });
    });
    return app;
  },
  Koa: () =>
    new Koa().use(async (context) => {
      const { method, url, headers, req } = context;
      if (url === '/away') return context.redirect('/echo');
      if (url === '/cookies') {
        context.set('set-cookie', ['a=1', 'b=2']);
        context.body = 'text';
        return;
      }
      let text = '';
      for await (const chunk of req) text += chunk;
      context.body = { method, url, trace: headers['x-trace'], body: JSON.parse(text || 'null') };
    }),
  Hono: () => {
    const app = new Hono();
    app.get('/away', (context) => context.redirect('/echo'));
    app.get('/cookies', (context) => {
      context.header('set-cookie', 'a=1', { append: true });
      context.header('set-cookie', 'b=2', { append: true });
      return context.text('text');
    });
    app.all('/echo', async ({ req, json }) => {
      const { pathname, search } = new URL(req.url);
      const body = JSON.parse((await req.text()) || 'null');
      return json({
        method: req.method,
        url: pathname + search,
        trace: req.header('x-trace'),
        body,
      });
    });
    return app;
  },
  Fastify: () => {
    const app = fastify();
    app.get('/away', (_, reply) => reply.redirect('/echo'));
    app.get('/cookies', (_, reply) => reply.header('set-cookie', ['a=1', 'b=2']).send('text'));
    app.all('/echo', async ({ method, url, headers, body = null }) => {
      return { method, url, trace: headers['x-trace'], body };
    });
    return app;
  },
};

test.each(Object.entries(apps))('%s', async (_, make) => {
  await using service = await serve(make());
  const client = service.client.with({ 'x-trace': 't1' });
  const echo = await client.post('/echo', { json: { a: 1 }, query: { page: 2 } });
  expect(echo).toMatchObject({
    status: 200,
    body: { method: 'POST', url: '/echo?page=2', trace: 't1', body: { a: 1 } },
  });
  expect((await client.get('/echo')).body).toMatchObject({ method: 'GET', body: null });
  expect(await client.get('/away')).toMatchObject({ status: 302 });
  const cookies = await client.get('/cookies');
  expect(cookies.body).toBe('text');
  expect(cookies.headers.getSetCookie().map((cookie) => cookie.split(';')[0])).toEqual([
    'a=1',
    'b=2',
  ]);
  await supertest(service.url).get('/echo').expect(200).expect('content-type', /json/);
});

test('closing is idempotent and ends open connections', async () => {
  const service = await serve(() => {}); // never answers
  const left = service.client.get('/').catch((error: Error) => error);
  await new Promise<void>((resolve) => setImmediate(resolve));
  await Promise.all([service.close(), service.close()]);
  expect(await left).toMatchObject({ message: 'fetch failed' });
  await expect(service.client.get('/')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});

test('a handler of Request and Response that throws is a 500', async () => {
  const printed = jest.spyOn(console, 'error').mockImplementation(() => {});
  const mistake = new Error('my mistake');
  const fetchHandler = () => Promise.reject(mistake);
  await using service = await serve({ fetch: fetchHandler });
  expect((await service.client.get('/')).status).toBe(500);
  expect(printed).toHaveBeenCalledWith(mistake);
  printed.mockRestore();
});

test('WebSockets of the service', async () => {
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const other of sockets.clients) other.send(`all: ${data}`);
    });
  });
  await using service = await serve(server);
  const [one, two] = [await service.webSocket('/'), await service.webSocket('/')];
  one.send('hello');
  expect(await one.next()).toBe('all: hello');
  expect(await two.next()).toBe('all: hello');
  for (const peer of [one, two]) peer.terminate();
});

test('what is no app is refused', async () => {
  await expect(serve({} as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  await expect(serve(undefined as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
});
