'use client'
import { useEffect, useRef, type ReactNode } from 'react'

/** What every form and panel lets a page decide. */
export interface CardProps {
  /** The heading: text for an `h2`, an element of your own, or null for none. */
  readonly title?: ReactNode
  /** What stands below, such as links to other pages. */
  readonly footer?: ReactNode
  /** More classes for the outermost element. */
  readonly className?: string | undefined
}

interface FrameProps extends CardProps {
  /** Value of `data-card`, by which styles and tests find it. */
  readonly name: string
  readonly text?: ReactNode
  /** Moves the focus to the heading, because this took the place of what had it. */
  readonly focused?: boolean
  readonly children?: ReactNode
}

/** The frame of a form or a panel: heading, text, content, footer. */
export function Card({ name, title, text, footer, className, focused, children }: FrameProps) {
  return (
    <section className={['cs-card', className].filter(Boolean).join(' ')} data-card={name}>
      {title !== null && title !== undefined && <Title focused={focused === true}>{title}</Title>}
      {text !== undefined && <p className="cs-text">{text}</p>}
      {children}
      {footer !== undefined && <div className="cs-footer">{footer}</div>}
    </section>
  )
}

function Title({ focused, children }: { focused: boolean; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (focused) heading.current?.focus()
  }, [focused])
  if (typeof children !== 'string') return children
  return (
    <h2 ref={heading} className="cs-title" tabIndex={focused ? -1 : undefined}>
      {children}
    </h2>
  )
}
