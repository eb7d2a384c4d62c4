// SPDX-License-Identifier: Apache-2.0

/** The checks of a server's identity, with defaults. */
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

/** The settings of a type, with the defaults of their `tls`. */
export type WithEffectiveTls<Settings extends TlsSettings> = Omit<Settings, 'tls'> & { readonly tls: EffectiveTls };

/** Fill in the defaults of `tls`: verified against the certificates of the system. */
export function effectiveTls<Settings extends TlsSettings>(settings: Settings): WithEffectiveTls<Settings> {
  const { tls, ...rest } = settings;
  const { caBundleRef, insecure = false } = tls ?? {};
  const bundle = caBundleRef && { caBundleRef: { name: caBundleRef.name, key: caBundleRef.key ?? 'ca.crt' } };
  return { ...rest, tls: { insecure, ...bundle } };
}
