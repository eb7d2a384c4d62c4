// SPDX-License-Identifier: Apache-2.0
// The testbed's public surface.
export { ensureBinaries, ensureBinary } from './binaries/ensure-binary.ts';
export {
  ControlPlane,
  type ControlPlaneOptions,
  type KubectlOptions,
  type RestartOptions,
} from './control-plane/control-plane.ts';
export { CutProxy } from './control-plane/cut-proxy.ts';
export { Cosign, type CosignOptions } from './cosign/cosign.ts';
export { FaultProxy, type FaultProxyOptions } from './fault-proxy/fault-proxy.ts';
export { Moto } from './moto/moto.ts';
export { NodeAgent, type NodeAgentOptions } from './node-agent/node-agent.ts';
export { ManagedProcess, type ProcessSpec } from './processes/managed-process.ts';
export { CommandFailed, runCommand, type CommandOutput } from './processes/run-command.ts';
export { Supervisor } from './processes/supervisor.ts';
export { freePort } from './processes/free-port.ts';
export { waitUntil } from './processes/wait-until.ts';
export { dockerConfig, type Credentials } from './registry/credentials.ts';
export { pushImage, type PushedImage } from './registry/push-image.ts';
export { RegistryClient, type RegistryAddress } from './registry/registry-client.ts';
export { Registry, type RegistryOptions } from './registry/registry.ts';
export { clusterIssuer } from './sigstore/cluster-issuer.ts';
export { Fulcio } from './sigstore/fulcio.ts';
export { OidcIssuer } from './sigstore/oidc-issuer.ts';
export { RekorV1 } from './sigstore/rekor-v1.ts';
export { RekorV2 } from './sigstore/rekor-v2.ts';
export { SigstoreStack, type SigstoreOptions } from './sigstore/sigstore-stack.ts';
export { TimestampAuthority } from './sigstore/timestamp-authority.ts';
export { trustedRoot, type TrustedServers } from './sigstore/trusted-root.ts';
export { Tekton } from './tekton/tekton.ts';
export { Testbed, type TestbedOptions } from './testbed.ts';
export { Transit, type TransitOptions, type TransitRole } from './transit/transit.ts';
