import { displayText } from '@countersign/protocol'
import type { MailMessage } from './transport.ts'

/** What an e-mail says. Every text in it is ours, or went through `mailName`. */
export interface Letter {
  readonly subject: string
  readonly paragraphs: readonly string[]
  /** The one thing to do. */
  readonly action?: { readonly label: string; readonly url: string }
  /** What stands below it. */
  readonly note: string
}

/**
 * Makes a name somebody chose fit for an e-mail to somebody else.
 *
 * Mail programs turn `example.com` into a link by themselves, so nothing that looks like an address
 * is left.
 */
export function mailName(value: string, maxLength = 60): string {
  const plain = displayText(value, { maxLength }).replace(/[.:/\\@](?=\S)/g, ' ')
  return plain.replace(/ +/g, ' ').trim() || 'Somebody'
}

/** A letter as plain text and as simple HTML. */
export function renderLetter(to: string, letter: Letter): MailMessage {
  return { to, subject: letter.subject, text: renderText(letter), html: renderHtml(letter) }
}

function renderText({ paragraphs, action, note }: Letter): string {
  const link = action ? [`${action.label}:\n${action.url}`] : []
  return `${[...paragraphs, ...link, note].join('\n\n')}\n`
}

function renderHtml({ subject, paragraphs, action, note }: Letter): string {
  const lines = paragraphs.map((text) => `<p>${escapeHtml(text)}</p>`)
  const link = action
    ? [
        `<p><a href="${escapeHtml(action.url)}" target="_blank" rel="noopener noreferrer">${escapeHtml(action.label)}</a></p>`,
      ]
    : []
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>${escapeHtml(subject)}</title></head>`,
    '<body style="font-family:sans-serif;line-height:1.5">',
    ...lines,
    ...link,
    `<p><small>${escapeHtml(note)}</small></p>`,
    '</body></html>',
    '',
  ].join('\n')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
