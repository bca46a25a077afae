// The start of a conversation with a process of Ceph's, in its own protocol (msgr2), by somebody who
// has no key. https://docs.ceph.com/en/latest/dev/msgr2/
const { connect } = require('node:net');
const { on } = require('node:events');

const banner = 'ceph v2\n';
const [hello, authRequest, authBadMethod] = [1, 2, 3];
const [client, none] = [8, 1];
const monitor = 1;

/**
 * Asks to be let in without authentication. Resolves to who speaks at this port, undefined where it
 * is not Ceph, and to whether the answer was anything but that this is no way to get in.
 * @param {number} port
 * @returns {Promise<{ peer?: 'monitor' | 'other', letIn: boolean }>}
 */
exports.enterWithoutKey = async (port) => {
  const socket = connect(port, '127.0.0.1');
  const features = Buffer.alloc(16);
  features.writeUInt8(1); // Revision 1 of the protocol.
  socket.write(Buffer.concat([Buffer.from(banner), uint16(16), features]));
  let data = Buffer.alloc(0);
  let entered = false;
  let peer;
  try {
    const options = { signal: AbortSignal.timeout(5_000), close: ['close'] };
    for await (const [chunk] of on(socket, 'data', options)) {
      data = Buffer.concat([data, chunk]);
      if (!entered) {
        if (!banner.startsWith(data.subarray(0, banner.length).toString())) break;
        if (data.length < 26) continue;
        data = data.subarray(26);
        entered = true;
        socket.write(frame(hello, Buffer.concat([Buffer.from([client]), address(port)])));
      }
      while (data.length >= 32 && data.length >= 36 + data.readUInt32LE(2)) {
        const tag = data.readUInt8(0);
        if (tag !== hello) return { peer, letIn: tag !== authBadMethod };
        peer = data.readUInt8(32) === monitor ? 'monitor' : 'other';
        data = data.subarray(36 + data.readUInt32LE(2));
        socket.write(frame(authRequest, withoutKey(peer)));
      }
    }
    return { peer, letIn: entered };
  } finally {
    socket.destroy();
  }
};

/** As `client.admin`, by the method `none`. */
function withoutKey(peer) {
  const name = 'admin';
  const who = Buffer.concat([uint32(client), uint32(name.length), Buffer.from(name)]);
  const payload = Buffer.concat([Buffer.from([peer === 'monitor' ? 10 : 1]), who, Buffer.alloc(8)]);
  return Buffer.concat([
    ...[uint32(none), uint32(2), uint32(1), uint32(2)],
    ...[uint32(payload.length), payload],
  ]);
}

function address(port) {
  const socketAddress = Buffer.alloc(16);
  socketAddress.writeUInt16LE(2, 0);
  socketAddress.writeUInt16BE(port, 2);
  socketAddress.set([127, 0, 0, 1], 4);
  const inner = Buffer.concat([uint32(2), uint32(0), uint32(16), socketAddress]);
  return Buffer.concat([Buffer.from([1, 1, 1]), uint32(inner.length), inner]);
}

/** A frame of one segment: its preamble, the segment, and a checksum of each. */
function frame(tag, segment) {
  const preamble = Buffer.alloc(28);
  preamble.writeUInt8(tag, 0);
  preamble.writeUInt8(1, 1);
  preamble.writeUInt32LE(segment.length, 2);
  preamble.writeUInt16LE(8, 6);
  return Buffer.concat([preamble, uint32(crc(preamble, 0)), segment, uint32(crc(segment, ~0))]);
}

/** CRC-32C, without its usual final inversion. */
function crc(data, seed) {
  let value = seed >>> 0;
  for (const byte of data) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0x82f63b78 : 0);
  }
  return value >>> 0;
}

function uint16(value) {
  const data = Buffer.alloc(2);
  data.writeUInt16LE(value);
  return data;
}

function uint32(value) {
  const data = Buffer.alloc(4);
  data.writeUInt32LE(value);
  return data;
}
