import { expect, it } from 'vitest'
import { subjectMatches } from './subject-pattern.ts'

it.each([
  ['exactly', 'repo:ours/app:ref:refs/heads/main', 'repo:ours/app:ref:refs/heads/main'],
  ['one part', 'repo:ours/*:ref:refs/heads/main', 'repo:ours/app:ref:refs/heads/main'],
  ['a part of a part', 'system:serviceaccount:prod:api-*', 'system:serviceaccount:prod:api-7'],
  ['several parts', 'spiffe://ours.example/**', 'spiffe://ours.example/ns/prod/sa/api'],
  ['what regular expressions mean otherwise, as it is', 'a.b+c(d)[e]$', 'a.b+c(d)[e]$'],
])('matches %s', (_title, pattern, subject) => {
  expect(subjectMatches(pattern, subject)).toBe(true)
})

it.each([
  ['another one', 'repo:ours/app', 'repo:ours/apps'],
  ['more before', 'repo:ours/*', 'x-repo:ours/app'],
  ['a line more', 'repo:ours/*', 'repo:ours/app\nrepo'],
  ['a part more, by a slash', 'repo:ours/*', 'repo:ours/app/evil'],
  ['a part more, by a colon', 'repo:ours/*:environment:prod', 'repo:ours/a:b:environment:prod'],
  ['an owner that a wildcard would swallow', 'repo:*:ref:main', 'repo:evil/app:ref:main'],
  ['nothing where something has to be', 'repo:ours/*', 'repo:ours/'],
  ['any character for a dot', 'spiffe://ours.example/*', 'spiffe://oursxexample/api'],
  ['another case', 'repo:ours/*', 'repo:Ours/app'],
  ['a subject without end', '**', 'x'.repeat(513)],
])('does not match %s', (_title, pattern, subject) => {
  expect(subjectMatches(pattern, subject)).toBe(false)
})
