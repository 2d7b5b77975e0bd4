/** What a value of a form may be that nobody meant: as it stands in the body, percent-encoded. */
export const hostileValues: readonly string[] = [
  '%00',
  'a%00b',
  // A NUL in two bytes, half of a surrogate pair, a byte that begins nothing.
  '%C0%80',
  '%ED%A0%80',
  '%FF',
  '%',
  '%zz',
  '%EF%BF%BF',
  '%E2%80%AE',
  '%0D%0ASet-Cookie:%20a=b',
  '%F0%9F%94%91',
  '+',
  '%20%20',
  '%27%20OR%201=1%20--',
  '%24%7Bjndi%7D',
  '__proto__',
  'constructor',
  'toString',
  '%5Bobject%20Object%5D',
  '%7B%22%24ne%22%3Anull%7D',
  '%5B%5D',
  'null',
  'undefined',
  'NaN',
  '-1',
  '1e309',
  '99999999999999999999',
  '..%2F..%2Fetc%2Fpasswd',
  'javascript:alert(1)',
  '%3Cscript%3Ealert(1)%3C/script%3E',
  'http://%5B::1',
  'https://user:pass@app.example/callback',
  'x'.repeat(10_000),
  '%C3%A9'.repeat(3_000),
  'a%20'.repeat(5_000),
]

/** Those of them that have a NUL. */
export const withNul: ReadonlySet<string> = new Set(['%00', 'a%00b'])

/** Strings of JSON that databases and encoders choke on. */
export const hostileStrings: readonly string[] = [
  '\0',
  'a\0b',
  '\uD800',
  'a\uDC00b',
  '\uFFFF',
  '\u202E',
  '\r\nset-cookie: a=b',
  '',
  ' ',
  '__proto__',
  '[object Object]',
  "' OR 1=1 --",
  'javascript:alert(1)',
  '../../etc/passwd',
  'x'.repeat(20_000),
]

/** Values of JSON where a string or a list is meant. */
export const wrongTypes: readonly unknown[] = [
  null,
  true,
  -1,
  1e300,
  {},
  [],
  [[]],
  [null],
  ['\0'],
  ['\uD800'],
  { toString: 1 },
  { length: 1e9 },
]
