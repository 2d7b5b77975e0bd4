/**
 * What is measured. Targets: `ratio` is how many times the peer's throughput, `floor` which part of
 * the floor's, `statements` how many each request may take once the caller is known. The suite is
 * `agents` unless it says otherwise; `--suite app` measures the other.
 */
export const scenarios = [
  {
    name: 'execute',
    title: 'execute a granted capability',
    kind: 'execute',
    path: '/api/auth/capability/execute',
    body: { capability: 'ping', arguments: {} },
    expect: 'pong',
    target: { ratio: 25, floor: 0.75, statements: 2 },
  },
  {
    name: 'register',
    title: 'register an agent, no approval needed',
    kind: 'register',
    path: '/api/auth/agent/register',
    body: { name: 'fresh', mode: 'delegated', capabilities: [] },
    expect: '"status":"active"',
    target: { ratio: 5 },
  },
  {
    name: 'register-approval',
    title: 'register an agent, approval asked',
    kind: 'register',
    path: '/api/auth/agent/register',
    body: { name: 'fresh', mode: 'delegated', capabilities: ['ping'] },
    expect: '"user_code"',
    target: { ratio: 5 },
  },
  {
    name: 'introspect',
    title: 'introspect an agent JWT',
    kind: 'introspect',
    path: '/api/auth/agent/introspect',
    expect: '"active":true',
    target: { ratio: 15 },
  },
  {
    name: 'list',
    title: 'list capabilities as an agent',
    kind: 'list',
    path: '/api/auth/capability/list',
    expect: '"ping"',
    target: { ratio: 15 },
  },
  {
    suite: 'app',
    name: 'session',
    title: 'session check',
    kind: 'session',
    path: '/api/auth/get-session',
    expect: '"user":',
    target: { ratio: 25, floor: 0.6, statements: 0 },
  },
  {
    suite: 'app',
    name: 'key',
    title: 'API-key check',
    kind: 'key',
    path: '/check-key',
    expect: '"userId":"',
    target: { ratio: 20, statements: 0 },
  },
  {
    suite: 'app',
    name: 'bearer',
    title: 'bearer JWT check',
    kind: 'bearer',
    path: '/check-bearer',
    expect: '"userId":"',
    target: { ratio: 3.5, statements: 0 },
  },
]
