import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describeUnless } from '@seamkit/test-run';
import { debianHost } from '../../dist/program/debian-host';

let system: string;
beforeEach(() => {
  system = mkdtempSync(join(tmpdir(), 'seamkit-system-'));
});
afterEach(() => rmSync(system, { recursive: true }));

function file(path: string, text: string): void {
  mkdirSync(dirname(join(system, path)), { recursive: true });
  writeFileSync(join(system, path), text);
}

function host() {
  const found = debianHost(system);
  if ('reason' in found) throw new Error(found.reason);
  return found;
}

const debian = 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n';
const tools = !('reason' in debianHost()) || process.platform === 'linux';

describeUnless(!tools && 'this system has no dpkg')('the mirror', () => {
  test('is the one of the machine, with its security updates; no other archive counts', () => {
    file('etc/os-release', debian);
    file(
      'etc/apt/sources.list.d/debian.sources',
      `# a comment: not a field
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`,
    );
    file(
      'etc/apt/sources.list.d/broker.list',
      'deb [signed-by=/usr/share/keyrings/broker.gpg arch=amd64] http://broker.example/debian bookworm main\n',
    );
    const own = host().sources('bookworm');
    expect(own).toContain(
      'URIs: http://mirror.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n',
    );
    expect(own).toContain(
      'URIs: http://mirror.example/debian-security\nSuites: bookworm-security\n',
    );
    expect(own).not.toMatch(/broker|off\.example|contrib|backports/);
    expect(host().sources('sid')).toContain(
      'URIs: http://mirror.example/debian\nSuites: sid\nComponents: main\n',
    );
  });

  test('with a key of its own is trusted as the machine trusts it', () => {
    file('etc/os-release', debian);
    const key =
      ' -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----';
    file(
      'etc/apt/sources.list.d/company.sources',
      `Types: deb\nURIs: https://company.example/debian\nSuites: bookworm\nComponents: main\nSigned-By:\n${key}\n`,
    );
    expect(host().sources('bookworm')).toContain(`Signed-By: \n${key}\n`);
    expect(host().sources('trixie')).toContain(`Signed-By: \n${key}\n`);
  });

  test('in one-line sources, among comments and discs', () => {
    file('etc/os-release', debian);
    file(
      'etc/apt/sources.list',
      `# deb http://old.example/debian bookworm main
deb cdrom:[Debian]/ bookworm main
deb-src http://src.example/debian bookworm main
deb [ check-valid-until=no trusted=yes ] http://line.example/debian/ bookworm main non-free # here
`,
    );
    expect(host().sources('bookworm')).toBe(
      'Types: deb\nURIs: http://line.example/debian/\nSuites: bookworm\nComponents: main\nTrusted: yes\nCheck-Valid-Until: no\n',
    );
  });

  test("is the distribution's own where the machine names none", () => {
    file('etc/os-release', debian);
    expect(host().sources('bookworm')).toContain('URIs: http://deb.debian.org/debian\n');
  });

  test('of Ubuntu has universe, and its derivatives use it', () => {
    file(
      'etc/os-release',
      'ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_CODENAME=xia\nUBUNTU_CODENAME=noble\n',
    );
    file('etc/apt/sources.list', 'deb http://mirror.example/ubuntu noble main restricted\n');
    expect(host()).toMatchObject({
      id: 'ubuntu',
      suites: ['noble', 'questing', 'resolute', 'jammy'],
    });
    expect(host().sources('noble')).toContain('Components: main universe\n');
  });

  test('is not looked for on other systems', () => {
    file('etc/os-release', 'ID=fedora\n');
    expect(debianHost(system)).toEqual({ reason: 'only on Debian and Ubuntu' });
  });
});
