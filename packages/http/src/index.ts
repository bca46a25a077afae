export { Call } from './call';
export * from './cassette';
export { type Answer, Client, type RequestOptions } from './client';
export * from './contract';
export type { Failure, FailureKind, FailureOptions, When } from './failure';
export type {
  GraphqlEndpoint,
  GraphqlOperation,
  GraphqlOptions,
  GraphqlResolver,
  GraphqlResult,
  OperationMatch,
} from './graphql';
export type { HttpRequest, HttpResponse, Interaction } from './interaction';
export { http } from './kit';
export type { Expected, Match } from './matcher';
export type { AddRoute, HttpMembers } from './members';
export type { HttpOptions } from './options';
export type { CassetteSetting } from './playback';
export type { Reply, ReplyFunction } from './reply';
export type { Route } from './route';
export { type App, type Served, serve } from './serve';
export { type Message, type OpenOptions, openWebSocket, WebSocketPeer } from './web-socket';
export { WebSocketEndpoint } from './web-socket-endpoint';
