// SPDX-License-Identifier: Apache-2.0

/** How a server's identity is checked, defaults filled in. */
export interface EffectiveTls {
  readonly caBundleRef?: { readonly name: string; readonly key: string };
  readonly insecure: boolean;
}

interface TlsSettings {
  readonly tls?: {
    readonly caBundleRef?: { readonly name: string; readonly key?: string };
    readonly insecure?: boolean;
  };
}

/** A type's settings, with the defaults of their `tls`. */
export type WithEffectiveTls<Settings extends TlsSettings> = Omit<Settings, 'tls'> & { readonly tls: EffectiveTls };

/** Fills in the defaults of `tls`: verified, by the system's certificates. */
export function effectiveTls<Settings extends TlsSettings>(settings: Settings): WithEffectiveTls<Settings> {
  const { tls, ...rest } = settings;
  const { caBundleRef, insecure = false } = tls ?? {};
  const bundle = caBundleRef && { caBundleRef: { name: caBundleRef.name, key: caBundleRef.key ?? 'ca.crt' } };
  return { ...rest, tls: { insecure, ...bundle } };
}
