/** A key's fingerprint in its groups, so that two can be compared by eye. */
export function Fingerprint({ value }: { value: string }) {
  return (
    <code className="inline-grid grid-cols-[repeat(4,auto)] gap-x-3 font-mono text-sm leading-6 sm:grid-cols-[repeat(8,auto)]">
      {value.split(/[\s:]+/).map((group, index) => (
        <span key={index}>{group} </span>
      ))}
    </code>
  )
}
