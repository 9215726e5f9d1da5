/**
 * Links of a README that lead into the repository, as npm can follow them.
 */

/** Makes relative links of a README in the root of a repository absolute: pages to where they are read, pictures to their bytes. */
export const absoluteLinks = (text: string, url: string): string => {
  const address = url.replace(/^git\+/, "").replace(/\.git$/, "")
  const raw = address.replace("https://github.com/", "https://raw.githubusercontent.com/")
  return text.replace(
    /(!?)(\[[^\]]*\])\((?!https?:|#)(?:\.\/)?([^)\s]+)\)/g,
    (_, picture: string, label: string, path: string) =>
      picture === "!" ? `!${label}(${raw}/main/${path})` : `${label}(${address}/blob/main/${path})`
  )
}
