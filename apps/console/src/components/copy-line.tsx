import { useState } from 'react'
import { Button } from './button.tsx'

/** A line for a terminal, with a button that copies it. */
export function CopyLine({ text, label }: { text: string; label: string }) {
  return (
    <div className="flex flex-wrap items-stretch gap-3">
      <code
        aria-label={label}
        className="flex min-h-10.5 min-w-0 items-center rounded-lg border border-line bg-sunken px-3.5 py-2 font-mono text-sm wrap-anywhere"
      >
        {text}
      </code>
      {'clipboard' in navigator && <CopyButton text={text} />}
    </div>
  )
}

/** Several lines to be copied at once, such as a file of settings. */
export function CopyBlock({ text, label }: { text: string; label: string }) {
  return (
    <div className="grid gap-3">
      <pre
        aria-label={label}
        role="group"
        className="rounded-lg border border-line bg-sunken px-3.5 py-3 font-mono text-sm wrap-anywhere whitespace-pre-wrap"
      >
        {text}
      </pre>
      {'clipboard' in navigator && <CopyButton text={text} />}
    </div>
  )
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <Button
      tone="secondary"
      className="justify-self-start"
      onClick={() => {
        void navigator.clipboard.writeText(text).then(() => setCopied(true))
      }}
    >
      <span aria-live="polite">{copied ? 'Copied' : 'Copy'}</span>
    </Button>
  )
}
