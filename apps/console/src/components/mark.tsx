/** Two signature strokes that cross: one from the agent, one from the person. */
export function Mark({ className = 'size-7' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" fill="none" strokeLinecap="round" strokeWidth="3" className={className} aria-hidden>
      <path className="stroke-ink" d="M4 21c5.500 1.500 9.500-2.500 13-8.500 2-3.400 4.500-6 7-5.500" />
      <path className="stroke-accent" d="M7 8c1.500 6.500 6 9.500 10.500 12.500 3 2 6.500 4 10.500 3" />
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
