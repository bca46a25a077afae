/** Servers run as this uid and gid (nobody) when we are root: some refuse root, none needs it. */
const unprivileged = 65534;

/** Spawn options that drop root. */
export const serverUser: { uid?: number; gid?: number } =
  process.getuid?.() === 0 ? { uid: unprivileged, gid: unprivileged } : {};
