/** Thrown by a search that only rehearses: it would now download what the message names. */
export class DownloadAhead extends Error {}
