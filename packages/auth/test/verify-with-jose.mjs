// jose is ESM only, which Jest cannot load: a process of its own tells which tokens it accepts.
import { createRemoteJWKSet, jwtVerify } from 'jose';

const { jwksUrl, url: issuer, audience, algorithm, tokens } = JSON.parse(process.argv[2]);
const keys = createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: 0 });
const options = {
  issuer,
  audience,
  algorithms: [algorithm],
  typ: 'at+jwt',
  requiredClaims: ['exp', 'sub'],
};
const verdicts = [];
for (const token of tokens) {
  verdicts.push(
    await jwtVerify(token, keys, options).then(
      () => true,
      () => false,
    ),
  );
}
process.stdout.write(JSON.stringify(verdicts));
