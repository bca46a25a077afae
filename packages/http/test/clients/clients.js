// Every client that a Node service is likely to use, each as `(url) => { status, body }`.
// Plain CommonJS: Jest and a child under node:test load the same file.
const http = require('node:http');
const http2 = require('node:http2');
const https = require('node:https');
const net = require('node:net');
const tls = require('node:tls');

function nodeGet(module, url, options = {}) {
  return new Promise((resolve, reject) => {
    const request = module.get(url, options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text) => {
        body += text;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    request.on('error', reject);
  });
}

const moduleOf = (url) => (url.startsWith('https:') ? https : http);

async function throughAgent(url) {
  const Agent = moduleOf(url).Agent;
  const agent = new Agent({ keepAlive: true });
  try {
    await nodeGet(moduleOf(url), url, { agent });
    return await nodeGet(moduleOf(url), url, { agent });
  } finally {
    agent.destroy();
  }
}

async function undiciRequest(url, options) {
  const { request } = require('undici');
  const { statusCode, body } = await request(url, options);
  return { status: statusCode, body: await body.text() };
}

async function throughPool(url, options) {
  const { Pool } = require('undici');
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, options);
  try {
    const { statusCode, body } = await pool.request({ method: 'GET', path: pathname });
    return { status: statusCode, body: await body.text() };
  } finally {
    await pool.destroy();
  }
}

async function http2Get(url) {
  const { origin, pathname } = new URL(url);
  const session = http2.connect(origin);
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':path': pathname });
      let status;
      let body = '';
      stream.setEncoding('utf8');
      stream.on('response', (headers) => {
        status = headers[':status'];
      });
      stream.on('data', (text) => {
        body += text;
      });
      stream.on('error', reject);
      stream.on('end', () => resolve({ status, body }));
    });
  } finally {
    session.destroy();
  }
}

/** By hand on a socket of its own, as database drivers and proxies' clients do. */
function rawGet(url) {
  const { protocol, hostname, port, pathname } = new URL(url);
  const secure = protocol === 'https:';
  const plain = net.connect(Number(port) || (secure ? 443 : 80), hostname);
  const socket = secure ? tls.connect({ socket: plain, servername: hostname }) : plain;
  return new Promise((resolve, reject) => {
    let answer = '';
    socket.setEncoding('utf8');
    socket.on('data', (text) => {
      answer += text;
    });
    plain.on('error', reject);
    socket.on('error', reject);
    socket.on('end', () => {
      const [head, body] = answer.split('\r\n\r\n');
      resolve({ status: Number(head.split(' ')[1]), body });
    });
    socket.write(`GET ${pathname} HTTP/1.1\r\nhost: ${hostname}\r\nconnection: close\r\n\r\n`);
  });
}

async function fetchGet(url) {
  const response = await fetch(url);
  return { status: response.status, body: await response.text() };
}

exports.clients = {
  'global fetch': fetchGet,
  'undici fetch': async (url) => {
    const response = await require('undici').fetch(url);
    return { status: response.status, body: await response.text() };
  },
  'undici request': undiciRequest,
  'undici Pool': throughPool,
  'undici Pool with HTTP/2': (url) => throughPool(url, { allowH2: true }),
  'node:http(s)': (url) => nodeGet(moduleOf(url), url),
  'node:http(s) with its own keep-alive agent': throughAgent,
  'node:http2': http2Get,
  axios: async (url) => {
    const { status, data } = await require('axios').get(url, { responseType: 'text' });
    return { status, body: data };
  },
  superagent: async (url) => {
    const { status, text } = await require('superagent').get(url);
    return { status, body: text };
  },
  'a socket of its own': rawGet,
};

/** ESM only, which Jest's CommonJS cannot load. */
exports.got = async (url) => {
  const { got } = await import('got');
  const { statusCode, body } = await got(url, { retry: { limit: 0 } });
  return { status: statusCode, body };
};
