/**
 * Where the parts of the site come from, and where they go.
 */
import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the workspace, without a slash at its end. */
export const root: string = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "")

/** This package. */
export const site: string = join(root, "packages", "docs-site")

/** The pages that people write. */
export const docs: string = join(root, "docs")

/** The library, whose doc comments become the API reference. */
export const library: string = join(root, "packages", "stamina")

/** What is used before production: it has its doc comments in the API reference as well. */
export const lab: string = join(root, "packages", "stamina-lab")

/** The pages of the API reference, which are made anew by every build. */
export const api: string = join(site, "api")

/** What is served as it is. */
export const publicFolder: string = join(site, "public")

export interface Manifest {
  readonly name: string
  readonly exports?: Readonly<Record<string, string>>
  readonly repository?: string | { readonly url: string }
}

export const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))

/**
 * The address of the repository, such as `https://github.com/owner/name`: from the environment of GitHub's workflows, else from
 * the library's `package.json`. Nothing if neither knows it.
 */
export const repository: string | undefined = (() => {
  const { GITHUB_REPOSITORY: name, GITHUB_SERVER_URL: server } = process.env
  if (name && server) return `${server}/${name}`
  const { repository } = manifestOf(library)
  const url = typeof repository === "object" ? repository.url : repository
  return url?.replace(/^github:/, "https://github.com/").replace(/^git\+/, "").replace(/\.git$/, "")
})()

/** Whether there is such a file or folder, given its path from the root. */
export const isThere = (path: string): boolean => existsSync(join(root, path))

/** The address of a file or folder of the repository, given its path from the root. */
export const addressOf = (path: string): string | undefined =>
  repository && `${repository}/${statSync(join(root, path)).isDirectory() ? "tree" : "blob"}/main/${path}`
