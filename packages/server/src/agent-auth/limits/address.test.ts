import { expect, it } from 'vitest'
import { addressGroup } from './address.ts'

it.each([
  ['IPv4 whole', '198.51.100.7', '198.51.100.7'],
  ['IPv4 in IPv6 as IPv4', '::ffff:198.51.100.7', '198.51.100.7'],
  ['IPv4 in IPv6, in hexadecimal', '::ffff:c633:6407', '198.51.100.7'],
  ['IPv6 by its /64', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['another address of that /64', '2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['another spelling', '2001:0DB8:0001:0002:0000:0000:0000:0001', '2001:db8:1:2::/64'],
  ['the next /64 apart', '2001:db8:1:3::1', '2001:db8:1:3::/64'],
  ['an address with a zone', 'fe80::1%eth0', 'fe80::/64'],
  ['text that is no address as it is', 'unknown', 'unknown'],
])('counts %s', (_title, address, group) => {
  expect(addressGroup(address)).toBe(group)
})
