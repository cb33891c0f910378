import { describe, expect, test } from 'vitest';
import { allowLists, gatewayUrl, isLoopback } from '../../src/config/reach.ts';

describe('loopback', () => {
  test.each(['localhost', '127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    '%s is reached from this machine only',
    (host) => expect(isLoopback(host)).toBe(true),
  );

  test.each([
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    'localhost.example.org',
    '127.0.0.1.example.org',
    'my-laptop',
    '127.1',
  ])('%s is not taken for it', (host) => expect(isLoopback(host)).toBe(false));
});

describe('Host and Origin', () => {
  test('by default the names of this machine are let in, with the port', () => {
    expect(allowLists({ host: '127.0.0.1' }, 8787)).toEqual({
      hosts: ['localhost:8787', '127.0.0.1:8787', '[::1]:8787'],
      origins: ['http://localhost:8787', 'http://127.0.0.1:8787', 'http://[::1]:8787'],
    });
  });

  test('the public URL joins, with and without its own port written', () => {
    const { hosts, origins } = allowLists({ host: '0.0.0.0', publicUrl: 'https://chat.example.org' }, 8787);
    expect(hosts.slice(3)).toEqual(['chat.example.org', 'chat.example.org:443']);
    expect(origins.slice(3)).toEqual(['https://chat.example.org']);
    const other = allowLists({ host: '127.0.0.1', publicUrl: 'http://10.0.0.2:9000' }, 8787);
    expect(other.hosts.slice(3)).toEqual(['10.0.0.2:9000']);
    expect(other.origins.slice(3)).toEqual(['http://10.0.0.2:9000']);
  });

  test('a host that is bound to by name or address joins, one that means all does not', () => {
    expect(allowLists({ host: 'box.lan' }, 80).hosts).toContain('box.lan');
    expect(allowLists({ host: '2001:db8::1' }, 8787).hosts).toContain('[2001:db8::1]:8787');
    for (const host of ['0.0.0.0', '::']) expect(allowLists({ host }, 8787).hosts).toHaveLength(3);
  });

  test('on port 80 the port may be left out', () => {
    const { hosts, origins } = allowLists({ host: '127.0.0.1' }, 80);
    expect(hosts).toEqual(expect.arrayContaining(['localhost', 'localhost:80']));
    expect(origins).toContain('http://localhost');
  });
});

test.each([
  [{ host: '127.0.0.1' }, 'http://127.0.0.1:8787'],
  [{ host: '::1' }, 'http://[::1]:8787'],
  [{ host: '0.0.0.0' }, 'http://127.0.0.1:8787'],
  [{ host: '0.0.0.0', publicUrl: 'https://chat.example.org' }, 'https://chat.example.org'],
])('people who go where %j listens open %s', (address, url) => {
  expect(gatewayUrl(address, 8787)).toBe(url);
});
