import type { Content } from './operations.ts'

/** How a body of some media type is written. */
export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'binary'

const TEXT =
  /^(text\/|application\/(xml|javascript|yaml|x-yaml|graphql|sql|x-ndjson|jwt|xhtml)\b)|\+(xml|yaml)\b/

/** The media type without its parameters. */
export function essence(mediaType: string): string {
  return (mediaType.split(';')[0] ?? '').trim().toLowerCase()
}

/** Whether a media type carries JSON (RFC 6839, 3.1). */
export function isJson(mediaType: string): boolean {
  return /^application\/json$|^text\/json$|\+json$/.test(essence(mediaType))
}

/** Whether a media type carries text that people read. */
export function isText(mediaType: string): boolean {
  return TEXT.test(essence(mediaType)) || essence(mediaType) === 'application/x-www-form-urlencoded'
}

/** Decides how a body of this media type is written. */
export function bodyKind(mediaType: string): BodyKind {
  const type = essence(mediaType)
  if (isJson(type)) return 'json'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  if (type.startsWith('multipart/')) return 'multipart'
  return isText(type) ? 'text' : 'binary'
}

const PREFERENCE: readonly BodyKind[] = ['json', 'form', 'multipart', 'text', 'binary']

/** Picks the content that says most about its values: plain JSON first, bytes last. */
export function preferredContent(contents: readonly Content[]): Content | undefined {
  const rank = (content: Content) =>
    PREFERENCE.indexOf(bodyKind(content.mediaType)) * 2 +
    (['application/json', 'text/plain'].includes(essence(content.mediaType)) ? 0 : 1)
  return contents.toSorted((a, b) => rank(a) - rank(b))[0]
}

/** The media type to send when the document names a range such as `text/*`. */
export function concreteType(mediaType: string): string {
  if (!mediaType.includes('*')) return mediaType
  return mediaType.startsWith('text/') ? 'text/plain' : 'application/octet-stream'
}
