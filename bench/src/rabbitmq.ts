import { open } from '@seamkit/core';
import { rabbitmq } from '@seamkit/rabbitmq';
import { type Comparison, median, report, timed } from './measure';

/*
 * What a reset and a sandbox of @seamkit/rabbitmq cost, beside one round trip of AMQP (a passive
 * declare) and one of the management API, by which the reset looks at the vhost.
 */

const rounds = 100;
const sandboxes = 15;

async function main(): Promise<void> {
  const rows: Comparison[] = [];
  {
    await using env = await open({ mq: rabbitmq({ key: 'bench' }) });
    const { mq } = env;
    const { username, password, origin } = new URL(mq.managementUrl);
    const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
    await mq.channel.assertQueue('probe');
    const declare = () => mq.channel.checkQueue('probe');
    const ask = async () => (await fetch(`${origin}/api/whoami`, { headers })).text();

    const amqp: number[] = [];
    const http: number[] = [];
    const clean: number[] = [];
    // By turns, so that a busy moment of the machine meets all of them.
    for (let round = 0; round < rounds; round++) {
      await env.reset();
      clean.push(await timed(() => env.reset()));
      http.push(await timed(ask));
      await mq.channel.assertQueue('probe');
      amqp.push(await timed(declare));
    }
    const declared = { against: 'passive declare', base: median(amqp) };
    const asked = { against: 'management API', base: median(http) };
    rows.push(
      { what: 'reset, nothing written', ms: median(clean), ...declared, target: 3 },
      { what: 'reset, nothing written', ms: median(clean), ...asked, target: 3 },
    );
  }
  const opened: { close(): Promise<void> }[] = [];
  const times: number[] = [];
  for (let index = 0; index < sandboxes; index++) {
    times.push(
      await timed(async () => {
        opened.push(await open({ mq: rabbitmq({ key: 'bench' }) }));
      }),
    );
  }
  await Promise.all(opened.map((env) => env.close()));
  rows.push({ what: 'new sandbox', ms: median(times), against: '1 ms', base: 1, target: 40 });
  report('RabbitMQ', rows);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
