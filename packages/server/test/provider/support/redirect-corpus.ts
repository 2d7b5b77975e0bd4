/** Redirect URIs that are not registered, made from some that are; and some that count as such. */
export function redirectCorpus(registered: readonly string[]): {
  readonly refused: readonly string[]
  readonly accepted: readonly string[]
} {
  const known = new Set(registered)
  const refused = new Set([
    ...registered.flatMap(lookalikes),
    ...registered.flatMap((uri) => (uri.startsWith('https:') ? webLookalikes(uri) : [])),
    ...registered.flatMap((uri) => (uri.startsWith('http:') ? loopbackLookalikes(uri) : [])),
    ...never,
  ])
  return {
    refused: [...refused].filter((uri) => !known.has(uri) && uri !== ''),
    accepted: [
      ...registered,
      'http://127.0.0.1:1/cb',
      'http://127.0.0.1:65535/cb',
      'http://[::1]/cb',
      'http://[::1]:5/cb',
      'http://localhost/cb',
      'http://localhost:49152/cb',
    ],
  }
}

const never = [
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'file:///etc/passwd',
  'blob:https://app.example/1',
  'about:blank',
  '//app.example/callback',
  '/callback',
  'callback',
  '\\\\app.example\\callback',
  'https:app.example/callback',
  'https:/app.example/callback',
  'https:///app.example/callback',
  'urn:ietf:wg:oauth:2.0:oob',
  'http://app.example/callback',
  'ftp://app.example/callback',
  'https://app.example:80/callback',
  'https://0x7f000001/cb',
  'https://2130706433/cb',
]

const suffixes = (
  '/ // /. /.. /../evil %2f %2F.. \\ ; . ? ?? & %00 %0a %0d%0aX:y %20 x * @evil.example :1 # #evil #/.. ' +
  '?x=1 &x=1 /evil %23 %3F \uFF0F \u2215 \u200B \u3000'
)
  .split(' ')
  .concat(' ', '\u00A0')

const prefixes = [
  ' ',
  '\u200B',
  'x',
  '/',
  '//',
  'https://evil.example/?',
  'https://evil.example#',
  'view-source:',
]

function lookalikes(uri: string): string[] {
  const [scheme = ''] = uri.split(':')
  const rest = uri.slice(scheme.length)
  return [
    ...suffixes.map((suffix) => uri + suffix),
    ...prefixes.map((prefix) => prefix + uri),
    uri.slice(0, -1),
    uri.toUpperCase(),
    scheme.toUpperCase() + rest,
    uri.replace('e', '\u0435'),
    uri.replace('a', '%61'),
    ...['//', '/./', '/x/../', '\\', '%2f'].map((slash) => uri.replace(/\/(?=[^/]*$)/, slash)),
    ...[':/', ':///', '://user@', '://user:pass@', '://@', ':\\\\'].map((start) =>
      uri.replace('://', start),
    ),
  ]
}

function webLookalikes(uri: string): string[] {
  const { host, pathname, search } = new URL(uri)
  const path = pathname + search
  const hosts = [
    `${host}.`,
    `${host}..`,
    `${host}:443`,
    `${host}:444`,
    `${host}:`,
    `${host}.evil.example`,
    `evil.example`,
    `evil.${host}`,
    `evil${host}`,
    `${host}@evil.example`,
    `evil.example@${host}`,
    `evil.example\\@${host}`,
    `evil.example%2f@${host}`,
    `evil.example%5c@${host}`,
    `evil.example/${host}`,
    `evil.example#${host}`,
    `evil.example?${host}`,
    `evil.example;${host}`,
    `evil.example%00${host}`,
    `${host}%00.evil.example`,
    `${host}%2eevil.example`,
    `${host}\\.evil.example`,
    `${host}\t.evil.example`,
    `www.${host}`,
    host.toUpperCase(),
    host.replace('.', '\u3002'),
    host.replace('.', '%2e'),
    host.replace('a', '\u0430'),
    host.replace('app', 'xn--80ak6aa92e'),
    host.replace('e', '\u24D4'),
    host.replace('.', '-'),
    `[${host}]`,
  ]
  return hosts.flatMap((one) => [`https://${one}${path}`, `http://${one}${path}`])
}

function loopbackLookalikes(uri: string): string[] {
  const path = new URL(uri).pathname
  const hosts = [
    '127.0.0.1.',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example@127.0.0.1',
    '127.0.0.2',
    '127.1',
    '127.0.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '127.0.0.01',
    '0.0.0.0',
    '0',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:0:0:1]',
    '[::1%25lo]',
    'localhost.',
    'localhost.evil.example',
    'LOCALHOST',
    'localhost@evil.example',
    'evil.localhost',
    'local\u200Bhost',
    'localhost%00',
    '10.0.0.1',
    '169.254.169.254',
  ]
  const ports = [
    '',
    ':1',
    ':65536',
    ':99999',
    ':-1',
    ':0x50',
    ':8080@evil.example',
    ': 80',
    ':80:80',
  ]
  return [
    ...hosts.flatMap((host) => [`http://${host}${path}`, `http://${host}:8080${path}`]),
    ...ports.slice(2).map((port) => `http://127.0.0.1${port}${path}`),
    ...ports.map((port) => `https://127.0.0.1${port}${path}`),
    ...ports.map((port) => `http://127.0.0.1${port}${path}/x`),
    ...ports.map((port) => `http://127.0.0.1${port}${path}#x`),
    ...ports.map((port) => `http://localhost${port}/other`),
  ]
}
