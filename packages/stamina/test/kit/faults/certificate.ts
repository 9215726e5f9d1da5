/**
 * Certificates for servers on this machine: self-signed, made anew each time, so that no key lies in the repository.
 */
import { generateKeyPairSync, sign } from "node:crypto"

export interface Certificate {
  /** PEM. */
  readonly cert: string
  readonly key: string
}

/** Makes a certificate for 127.0.0.1 and localhost: X.509 v3, ECDSA on P-256 with SHA-256. */
export const selfSigned = (name: string): Certificate => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const subject = der(0x30, der(0x31, der(0x30, commonName, der(0x0c, Buffer.from(name)))))
  const names = der(0x30, der(0x87, Buffer.from([127, 0, 0, 1])), der(0x82, Buffer.from("localhost")))
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.from([1])), // serial number
    ecdsaWithSha256,
    subject, // the issuer
    der(0x30, der(0x17, Buffer.from("200101000000Z")), der(0x18, Buffer.from("21200101000000Z"))),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, der(0x30, der(0x30, subjectAltName, der(0x04, names))))
  )
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey))
  const base64 = der(0x30, body, ecdsaWithSha256, signature).toString("base64").replace(/.{64}/g, "$&\n")
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

/** A value in DER: tag, length, content. */
const der = (tag: number, ...content: ReadonlyArray<Buffer>): Buffer => {
  const body = Buffer.concat(content)
  const { length } = body
  // as few bytes as can hold the length
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), body])
}

const commonName = Buffer.from("0603550403", "hex") // 2.5.4.3
const subjectAltName = Buffer.from("0603551d11", "hex") // 2.5.29.17
const ecdsaWithSha256 = der(0x30, Buffer.from("06082a8648ce3d040302", "hex")) // 1.2.840.10045.4.3.2
