/*
 * What a bundler finds instead of this package when it builds for a browser: nothing to import. The
 * build fails at `import { createSignIn }`, before a client secret is in a script that anybody reads.
 */
throw new Error(
  '@countersign/client belongs on a server: it works with the client secret and with tokens.',
)
