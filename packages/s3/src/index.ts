export { s3 } from './kit';
export type { InBucket, PutOptions, S3Access, S3Members } from './members';
export type { S3Options } from './options';
export type { ContainerRecipe } from './server';
export type { Capabilities, Capability, ServerKind } from './server-kind';
