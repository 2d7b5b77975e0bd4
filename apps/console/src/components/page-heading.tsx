import { useEffect, useRef, type ReactNode } from 'react'

// The browser's own place is right for the page a person opened; later pages announce themselves.
let opened = false

interface PageHeadingProps {
  title: string
  children?: ReactNode
  /** Leave the focus alone, because a field takes it. */
  keepFocus?: boolean
  /** For a name that has to be read before anything else. */
  large?: boolean
}

/** The page's name: heading, document title, and where focus goes after moving to the page. */
export function PageHeading({
  title,
  children,
  keepFocus = false,
  large = false,
}: PageHeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Countersign`
    if (opened && !keepFocus) heading.current?.focus()
    opened = true
  }, [title, keepFocus])
  return (
    <header>
      <h1
        ref={heading}
        tabIndex={-1}
        className={`font-semibold ${large ? 'text-3xl wrap-anywhere sm:text-4xl' : 'text-2xl sm:text-[1.75rem] sm:leading-9'}`}
      >
        {title}
      </h1>
      {children !== undefined && <div className="mt-1.5 text-muted">{children}</div>}
    </header>
  )
}
