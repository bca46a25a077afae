import * as fs from 'node:fs';

/** The file system as it was when this module was loaded: the kit's own work meets no fault. */
export const real: typeof fs = { ...fs };
