import { describe, expect, it } from 'vitest'
import {
  isRegisteredRedirectUri,
  judgeRedirectUri,
  portless,
  redirectTarget,
} from '../../src/provider/redirect-uri.ts'

const schemes = ['cursor', 'vscode']

describe('M36 redirect URIs that may be registered', () => {
  it.each([
    ['https://app.example/callback', { kind: 'web', host: 'app.example' }],
    ['https://app.example', { kind: 'web', host: 'app.example' }],
    ['https://app.example:8443/cb?tenant=1', { kind: 'web', host: 'app.example:8443' }],
    ['https://xn--mnchen-3ya.example/cb', { kind: 'web', host: 'xn--mnchen-3ya.example' }],
    ['http://localhost:3000/cb', { kind: 'loopback', host: 'localhost' }],
    ['http://localhost/callback', { kind: 'loopback', host: 'localhost' }],
    ['http://127.0.0.1', { kind: 'loopback', host: '127.0.0.1' }],
    ['http://127.0.0.1:33418/', { kind: 'loopback', host: '127.0.0.1' }],
    ['http://127.8.9.10:1/cb', { kind: 'loopback', host: '127.8.9.10' }],
    ['http://[::1]:9000/cb', { kind: 'loopback', host: '[::1]' }],
    ['com.example.app:/oauth', { kind: 'private_scheme', scheme: 'com.example.app' }],
    ['com.example.app://cb', { kind: 'private_scheme', scheme: 'com.example.app' }],
    ['cursor://anysphere.cursor-mcp/oauth/callback', { kind: 'private_scheme', scheme: 'cursor' }],
  ])('%s', (uri, target) => {
    expect(judgeRedirectUri(uri, schemes)).toEqual({ ok: true, target })
    expect(redirectTarget(uri)).toEqual(target)
  })
})

describe('GHSA-86j7-9j95-vpqj redirect URIs that may not', () => {
  it.each([
    ['javascript:alert(1)', 'javascript'],
    ['JavaScript://app.example/%0aalert(1)', 'javascript'],
    ['data:text/html,<script>alert(1)</script>', 'characters'],
    ['data:text/html;base64,PHN2Zz4=', 'data'],
    ['file:///etc/passwd', 'file'],
    ['blob:https://app.example/1', 'blob'],
    ['vbscript:msgbox(1)', 'vbscript'],
    ['intent://app#Intent;end', 'fragment'],
    ['intent://app', 'intent'],
    ['view-source:https://app.example', 'view-source'],
    ['http://app.example/cb', 'https'],
    ['http://localhost.evil.example/cb', 'https'],
    ['http://127.0.0.1.evil.example/cb', 'https'],
    ['http://10.0.0.1/cb', 'https'],
    ['http://[::ffff:127.0.0.1]/cb', 'plain form'],
    ['http://127.1/cb', 'plain form'],
    ['http://2130706433/cb', 'plain form'],
    ['http://0x7f.0.0.1/cb', 'plain form'],
    ['https://app.example/cb#', 'fragment'],
    ['https://app.example/cb#code', 'fragment'],
    ['https://user@app.example/cb', 'user name'],
    ['https://app.example@evil.example/cb', 'user name'],
    ['https://app.example\\@evil.example/cb', 'characters'],
    ['https:\\\\app.example/cb', 'characters'],
    ['https:app.example/cb', 'plain form'],
    ['https:/app.example/cb', 'plain form'],
    ['https:///app.example/cb', 'plain form'],
    ['//app.example/cb', 'absolute'],
    ['/cb', 'absolute'],
    ['app.example/cb', 'absolute'],
    ['', 'characters'],
    ['https://app.example./cb', 'dot'],
    ['https://APP.example/cb', 'plain form'],
    ['HTTPS://app.example/cb', 'plain form'],
    ['https://app.example:443/cb', 'plain form'],
    ['https://app.example:/cb', 'plain form'],
    ['https://app.example//cb', 'segments'],
    ['https://app.example//evil.example', 'segments'],
    ['https://app.example/a/../cb', 'segments'],
    ['https://app.example/./cb', 'segments'],
    ['https://app.example/%2e%2e/cb', 'encoded'],
    ['https://app.example/%2f%2fevil.example', 'encoded'],
    ['https://app.example/cb%0d%0aset-cookie:a=b', 'encoded'],
    ['https://*.example/cb', 'wildcard'],
    ['https://app.example/*', 'wildcard'],
    ['https://münchen.example/cb', 'characters'],
    ['https://app.example/c b', 'characters'],
    [' https://app.example/cb', 'characters'],
    ['https://app.example/cb\n', 'characters'],
    ['https://app.exam\u2024ple/cb', 'characters'],
    ['https://app.example\uff20evil.example', 'characters'],
    ['myapp://callback', 'domain name'],
    ['cursor-evil://x', 'domain name'],
    [`https://app.example/${'a'.repeat(2_000)}`, 'longer'],
  ])('%s', (uri, reason) => {
    const verdict = judgeRedirectUri(uri, schemes)
    expect(verdict).toEqual({ ok: false, reason: expect.stringContaining(reason) as string })
    expect(() => redirectTarget(uri)).not.toThrow()
  })
})

describe('O26 a requested redirect URI is the registered one', () => {
  const registered = [
    'https://app.example/cb',
    'http://localhost/callback',
    'http://127.0.0.1:33418/',
    'http://[::1]:1/cb?x=1',
    'com.example.app:/cb',
  ]

  it.each([
    'https://app.example/cb',
    'http://localhost/callback',
    'http://localhost:53211/callback',
    'http://127.0.0.1:1/',
    'http://127.0.0.1/',
    'http://[::1]:65535/cb?x=1',
    'com.example.app:/cb',
  ])('accepts %s', (uri) => {
    expect(isRegisteredRedirectUri(uri, registered)).toBe(true)
  })

  it.each([
    'https://app.example/cb/',
    'https://app.example/cb?x=1',
    'https://app.example/CB',
    'https://app.example:8443/cb',
    'https://app.example.evil.example/cb',
    'https://app.example/cbx',
    'http://app.example/cb',
    'https://localhost:53211/callback',
    'http://localhost:53211/callback/',
    'http://localhost:53211/callback?x=1',
    'http://localhost:53211/callback#x',
    'http://localhost:99999/callback',
    'http://localhost:53211@evil.example/callback',
    'http://localhost.evil.example:53211/callback',
    'http://127.0.0.1:53211/callback',
    'http://127.0.0.2:33418/',
    'http://[::1]:2/cb',
    'com.example.app:/cb2',
    'com.example.app://cb',
    '',
  ])('refuses %s', (uri) => {
    expect(isRegisteredRedirectUri(uri, registered)).toBe(false)
  })

  it('lets no pattern in a registered URI match anything', () => {
    expect(isRegisteredRedirectUri('https://a.example/x', ['https://a.example/*'])).toBe(false)
    expect(isRegisteredRedirectUri('https://a.example/x', ['https://a.example/'])).toBe(false)
  })

  it('takes the port off what may come with another one, and off nothing else', () => {
    expect(portless('http://localhost:1234/cb')).toBe('http://localhost/cb')
    expect(portless('https://app.example:8443/cb')).toBe('https://app.example:8443/cb')
  })
})
