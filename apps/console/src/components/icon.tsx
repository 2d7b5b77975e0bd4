const paths = {
  check: 'M4 10.5l4 4 8-9',
  cross: 'M5 5l10 10M15 5L5 15',
  eye: 'M2 10s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S2 10 2 10zM10 7.700a2.300 2.300 0 100 4.600 2.300 2.300 0 000-4.600z',
  pen: 'M3.500 16.500l.8-3.600L13.600 3.600a1.400 1.400 0 012 0l.8.8a1.400 1.400 0 010 2L7.100 15.700l-3.600.8z',
  warning: 'M10 3l8 14H2L10 3zM10 8.500v3.500M10 14.500v.1',
  info: 'M10 2.500a7.500 7.500 0 100 15 7.500 7.500 0 000-15zM10 9v5M10 6v.1',
  key: 'M6.800 16.500a3.300 3.300 0 100-6.600 3.300 3.300 0 000 6.600zM9.200 10.900l7.300-7.400M14 6l2.500 2.500M11.500 8.500l1.700 1.700',
  pause: 'M7 4v12M13 4v12',
  clock: 'M10 2.500a7.500 7.500 0 100 15 7.500 7.500 0 000-15zM10 6v4.500l3 1.800',
  chevron: 'M5 8l5 5 5-5',
  arrow: 'M4 10h12M11 5l5 5-5 5',
  shield:
    'M10 2.500l6.500 2.300v4.700c0 4-2.700 6.700-6.500 8-3.800-1.300-6.500-4-6.500-8V4.800L10 2.500zM7 10l2.200 2.200L13.200 8',
  quote: 'M4 5h12v8H9l-3.500 3v-3H4V5z',
  device: 'M3 4.500h14v9H3v-9zM7 16.500h6M10 13.500v3',
} as const

/** The name of a drawn icon. */
export type IconName = keyof typeof paths

/** A line icon; decoration only, words always stand beside it. */
export function Icon({ name, className = 'size-4' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      className={`shrink-0 ${className}`}
      aria-hidden
    >
      <path d={paths[name]} />
    </svg>
  )
}
