export { type AwkwardName, awkwardNames } from './awkward-names';
export type { FileChange } from './changes';
export type { EntryType } from './entry';
export { type Content, type EntryOptions, file, link, type Tree, type TreeEntry } from './fixture';
export { files } from './kit';
export type { FilesMembers } from './members';
export type { FilesOptions } from './options';
export type { Traversal } from './traversal';
