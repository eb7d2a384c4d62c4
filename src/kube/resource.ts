// SPDX-License-Identifier: Apache-2.0

/** A kind of the Kubernetes API: where it is served and how one object of it is read. */
export interface Resource<T> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Turns a decoded object into exactly what its users need. May throw on an object that is not of this kind. */
  readonly parse: (object: unknown) => T;
  /** `Metadata` asks the API server for `PartialObjectMetadata` instead of whole objects; `Full` is the default. */
  readonly representation?: 'Full' | 'Metadata';
}

/** The name of one object, with its namespace if its kind has them. */
export interface ObjectName {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** The `apiVersion` of the resource's objects. */
export function apiVersionOf(resource: Resource<unknown>): string {
  return resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
}

/** The resource as people write it: `taskruns.tekton.dev`, `secrets`. */
export function resourceName(resource: Resource<unknown>): string {
  return resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** The path of a collection, or of one object of it. Every segment that could be foreign is escaped. */
export function resourcePath(
  resource: Resource<unknown>,
  target: { readonly namespace?: string | undefined; readonly name?: string; readonly subresource?: string },
): string {
  const segments = resource.group === '' ? ['api', resource.version] : ['apis', resource.group, resource.version];
  if (resource.namespaced && target.namespace !== undefined) segments.push('namespaces', target.namespace);
  segments.push(resource.plural);
  if (target.name !== undefined) segments.push(target.name);
  if (target.subresource !== undefined) segments.push(target.subresource);
  return `/${segments.map(pathSegment).join('/')}`;
}

/** An empty name would turn an object's path into its collection's, which a DELETE empties; dots would leave the collection. */
function pathSegment(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..')
    throw new RangeError(`"${segment}" is not a valid object name`);
  return encodeURIComponent(segment);
}

/** The key of an object in queues and caches: `namespace/name`, or `name` for kinds without namespaces. */
export function objectKey({ namespace, name }: ObjectName): string {
  // V8 keeps a template's text together with its parts, which takes half as much again for keys that are kept for long.
  return namespace === undefined || namespace === '' ? name : [namespace, name].join('/');
}

/** The reverse of `objectKey`. */
export function parseObjectKey(key: string): ObjectName {
  const slash = key.indexOf('/');
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The same resource, asking for metadata only: labels, annotations, owner references and nothing else. */
export function metadataOnly<T>(resource: Resource<unknown>, parse: (object: unknown) => T): Resource<T> {
  return { ...resource, parse, representation: 'Metadata' };
}
