import { connect } from 'node:net';

/** Whether somebody listens on a socket; it may be one who does not answer. */
export function listens(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket, () => {
      resolve(true);
      probe.destroy();
    });
    probe.once('error', () => resolve(false));
    probe.once('close', () => resolve(false));
  });
}
