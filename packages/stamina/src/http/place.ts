/**
 * Where a request goes: the origin of its server, and the path there.
 */

/** What a request is called by. */
export interface Target {
  readonly method: string
  readonly url: string
}

export interface Place {
  /** Host, and port if it is not the usual one; nothing if the platform completes the URL. */
  readonly host: string
  /** Scheme, host and port, as RFC 6454 compares them. */
  readonly origin: string
}

/** The place of a request. */
export const placeOf = ({ url }: Target): Place => {
  const [start] = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]+/i.exec(url) ?? []
  if (start === undefined) return nowhere
  const known = places.get(start)
  if (known !== undefined) return known
  const place = parse(start)
  // what comes from outside must not fill the memory
  if (places.size >= most) places.clear()
  places.set(start, place)
  return place
}

/** The origin of a request. A URL without one is of the page's. */
export const originOf = (request: Target): string => placeOf(request).origin

/** The path of a request, without parameters, which hold identifiers and secrets. */
export const pathOf = ({ url }: Target): string =>
  /^(?:[a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)/i.exec(url)?.[1]?.slice(0, longest) || "/"

/** Longer paths are about the same as far as hints go. */
const longest = 200

const nowhere: Place = { host: "", origin: "<same origin>" }

const parse = (start: string): Place => {
  const url = URL.canParse(start) ? new URL(start) : undefined
  if (url === undefined) return { host: start.replace(/^.*[/@]/, "").toLowerCase(), origin: start.toLowerCase() }
  // names with and without a dot at their end are resolved alike
  const hostname = url.hostname.replace(/\.$/, "")
  const host = url.port === "" ? hostname : `${hostname}:${url.port}`
  return { host, origin: `${url.protocol}//${host}` }
}

/** A program calls few origins. */
const most = 500

const places = /*#__PURE__*/ new Map<string, Place>()
