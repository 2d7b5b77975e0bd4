/** Two signature strokes that cross: one from the agent, one from the person. */
export function Mark({ className = 'size-8' }: { className?: string }) {
  return (
    <svg
      viewBox="0 0 32 32"
      fill="none"
      strokeLinecap="round"
      strokeWidth="3"
      className={className}
      aria-hidden
    >
      <path
        className="stroke-ink"
        d="M3.500 22.500c4 2.200 8.500-.8 12-6.500 3-4.900 6-9.500 9.500-9 2.200.3 2.300 2.800.5 4.200"
      />
      <path
        className="stroke-accent"
        d="M5.500 7.500c.5 5.500 5 9.500 10 12.500 4 2.400 8.500 4 13 2"
      />
    </svg>
  )
}

/** The mark with the name. */
export function Wordmark() {
  return (
    <span className="inline-flex items-center gap-2.5 text-[1.0625rem] font-semibold tracking-tight text-ink">
      <Mark />
      Countersign
    </span>
  )
}
