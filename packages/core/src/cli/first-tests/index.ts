import { auth } from './auth';
import { http } from './http';
import { memcached } from './memcached';
import { nats } from './nats';
import { postgres } from './postgres';
import { rabbitmq } from './rabbitmq';
import type { Recipe } from './recipe';
import { redis } from './redis';
import { s3 } from './s3';

export const recipes: readonly Recipe[] = [
  postgres,
  redis,
  memcached,
  rabbitmq,
  nats,
  s3,
  http,
  auth,
];
