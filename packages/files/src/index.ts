export { type AwkwardName, awkwardNames } from './awkward-names';
export type { FileChange } from './changes';
export type { EntryType } from './entry';
export type { Files } from './files';
export { type Content, type EntryOptions, file, link, type Tree, type TreeEntry } from './fixture';
export { type FilesOptions, files } from './kit';
export type { Traversal } from './traversal';
